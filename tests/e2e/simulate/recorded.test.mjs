// `tapedeck record --join` against `tapedeck simulate --listen`: an hour over TLS, with a PIN, transfers, tokens that
// run out, connections that break off, some within a frame, and silences. The journal of the node says what the tape must hold.
// Run with node --test and TAPEDECK naming the built command; SPEED is how fast the hour goes (240).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { makeCertificate, output, serve, slowdown, tapedeck, temporaryFolder } from '../support/command.mjs';
import { readJournal, streamsOf } from './journal.mjs';

const speed = process.env.SPEED ?? String(240 / slowdown);

const { folder, inFolder } = temporaryFolder('recorded');
const run = (command, ...args) => output(command, args, { cwd: folder });

test('the tape has every frame that the node sent', async () => {
  makeCertificate(folder);
  const tape = inFolder('hour.tape');
  let said = '';
  await serve(['simulate', '--cert', inFolder('cert.pem'), '--key', inFolder('key.pem'), '--seed', '7', '--for', '1h', '--speed', speed,
    '--alias', 'alice', '--alias', 'bob', '--alias', 'carol', '--pin', '20481', '--token-expires', '9s', '--ask-refresh-every', '7m',
    '--transfer-every', '12m', '--disconnect-every', '6m', '--stall-every', '5m', '--stall-for', '20s', '--journal', inFolder('journal')], async url => {
    fs.writeFileSync(inFolder('pin'), '20481\n');
    const recorder = spawn(tapedeck, ['record', '--join', 'alice', url, '--ca', inFolder('cert.pem'), '--pin-file', inFolder('pin'), '-o', tape,
      '--for', `${Math.floor(3400e3 / speed)}ms`],
      { stdio: ['ignore', 'inherit', 'pipe'] });
    recorder.stderr.setEncoding('utf8').on('data', text => { said += text; });
    assert.deepEqual(await once(recorder, 'close'), [0, null], said);
  });

  const journal = readJournal(inFolder('journal'));
  const streams = streamsOf(journal);
  const broken = streams.filter(stream => stream.closed === 'node');
  // The last may have ended with the recording.
  const transferred = streams.slice(0, -1).filter(stream => stream.closed === 'client');
  assert.ok(broken.length >= 5, `${broken.length} forced disconnects`);
  assert.ok(broken.some(stream => stream.frames.at(-1).complete === false), 'one of them within a frame');
  assert.ok(transferred.length >= 2, `${transferred.length} transfers`);
  assert.ok(new Set(streams.map(stream => stream.alias)).size >= 3);

  const bodyOf = connection => run(tapedeck, 'cat', tape, '--connection', String(connection));
  for (const [i, stream] of streams.entries()) {
    const recorded = bodyOf(i + 1);
    if (stream.closed === 'node') assert.ok(recorded === stream.body, `connection ${i + 1}: ${recorded.length} bytes of ${stream.body.length}`);
    else {
      // What the node sent when the recorder was leaving already need not be there.
      assert.ok(stream.body.startsWith(recorded), `connection ${i + 1} has what was never sent`);
      assert.equal(/\nevent: refer\ndata: [^\n]*\n/.test(recorded), stream !== streams.at(-1), `connection ${i + 1} was transferred`);
    }
  }
  const sql = query => run('sqlite3', tape, query).trim();
  assert.equal(sql('SELECT count(*) FROM connections'), String(streams.length));
  assert.equal(sql(`SELECT count(DISTINCT after_connection) FROM gaps WHERE after_connection BETWEEN 1 AND ${streams.length - 1}`), String(streams.length - 1));
  assert.match(run(tapedeck, 'info', tape), /state +closed/);
  run(tapedeck, 'verify', tape);

  const answers = journal.filter(entry => entry.what === 'answer');
  assert.deepEqual(answers.filter(entry => entry.status !== 200), [], 'nothing was refused');
  const count = endpoint => answers.filter(entry => entry.path.endsWith(endpoint)).length;
  assert.equal(count('/release_token'), count('/request_token'), 'every token was given back');
  assert.equal(count('/request_token'), transferred.length + 1);

  // A token of the API has a plus and a slash in it: none of them, nor the PIN, is on the tape or was said.
  const tokens = [...new Set(answers.length ? fs.readFileSync(tape, 'latin1').match(/[0-9a-f]{8}\+[0-9a-f]{4}\/[0-9a-f]{20}==/g) : [])];
  const oneTime = streams.flatMap(stream => [...stream.body.matchAll(/event: refer\ndata: {"alias":"\w+","token":"([^"]+)"}/g)].map(match => match[1]));
  assert.deepEqual(new Set(tokens), new Set(oneTime), 'but for the one-time tokens in the stream itself');
  assert.ok(!fs.readFileSync(tape, 'latin1').includes('20481'));
  assert.doesNotMatch(said, /20481|==/);
});
