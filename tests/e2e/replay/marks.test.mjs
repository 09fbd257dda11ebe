// Marks of a tape in a replay: found there, and set there.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import test from 'node:test';
import { output, serve, tapedeck, temporaryFolder } from '../support/command.mjs';

const { inFolder, fresh } = temporaryFolder('marks');

function meeting() {
  const tape = fresh();
  output(tapedeck, ['simulate', '--seed', '7', '--participants', '4', '--for', '10s', '-o', tape]);
  output(tapedeck, ['mark', tape, '--at', '6s', 'the second']);
  output(tapedeck, ['mark', tape, '--at', '3s', 'the first']);
  return tape;
}

const marksOf = tape => output(tapedeck, ['mark', tape, '--json']).trim().split('\n').map(line => JSON.parse(line))
  .map(({ at_ns, text }) => `${at_ns / 1e9} ${text}`);
const shared = ['--timeline', 'shared', '--start', 'at-once', '--paused'];

async function ask(url, path, body) {
  const answer = await fetch(`${url}/tapedeck/v1/${path}`, body && { method: 'POST', body: JSON.stringify(body) });
  return { status: answer.status, ...await answer.json() };
}

test('the marks of the tape are those that one goes to', async () => {
  await serve(['replay', meeting(), ...shared], async url => {
    assert.deepEqual((await ask(url, 'marks')).marks.map(mark => mark.text), ['the first', 'the second']);
    const places = [];
    for (const mark of ['next', 'next', 'previous']) {
      places.push((await ask(url, 'seek', { mark })).sessions[0].t_ns / 1e9);
    }
    assert.deepEqual(places, [3, 6, 3]);
  });
});

test('a mark that is set is on the tape when the replay has ended', async () => {
  const tape = meeting();
  const said = await serve(['replay', tape, ...shared], async url => {
    const { status, message } = await ask(url, 'marks', { text: 'here "it" breaks', at: '4s' });
    assert.equal(status, 201);
    assert.equal(message, 'mark at 4.000s, on the tape when the replay ends');
    assert.equal((await ask(url, 'marks')).marks.length, 3);
    assert.deepEqual(marksOf(tape), ['3 the first', '6 the second']);
  });
  assert.deepEqual(marksOf(tape), ['3 the first', '4 here "it" breaks', '6 the second']);
  assert.match(said, /marked 4\.000s of '.*' as mark \d+\n/);
  assert.match(output(tapedeck, ['verify', tape]), /passed/);
});

test('each tape of a folder gets its own', async () => {
  fs.mkdirSync(inFolder('node'));
  const tapes = ['a', 'b'].map(name => {
    const tape = inFolder(`node/${name}.tape`);
    fs.renameSync(meeting(), tape);
    return tape;
  });
  // A conference has a timeline from its first stream on.
  await serve(['replay', inFolder('node'), '--timeline', 'shared', '--paused'], async url => {
    const ended = new AbortController();
    await fetch(`${url}/events/b`, { signal: ended.signal });
    assert.equal((await ask(url, 'marks', { text: 'only here', at: '4s' })).status, 201);
    ended.abort();
  });
  assert.equal(marksOf(tapes[0]).length, 2);
  assert.deepEqual(marksOf(tapes[1]), ['3 the first', '4 only here', '6 the second']);
});

test('a mark of several tapes played as one is for this run, and is said to be', async () => {
  const tapes = [meeting(), meeting()];
  await serve(['replay', ...tapes, ...shared], async url => {
    assert.equal((await ask(url, 'marks', { text: 'x', at: '4s' })).message, 'mark at 4.000s, for this run only');
  });
  assert.deepEqual(tapes.map(tape => marksOf(tape).length), [2, 2]);
});

test('a mark that cannot be set at the end is said to be lost', async () => {
  const tape = meeting();
  const reader = spawn('sqlite3', ['-readonly', tape], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = await serve(['replay', tape, ...shared], async url => {
    await ask(url, 'marks', { text: 'x', at: '4s' });
    reader.stdin.write('BEGIN; SELECT count(*) FROM marks;\n');
    await once(reader.stdout, 'data');
  }, { status: 4 });
  reader.stdin.end('COMMIT;\n');
  await once(reader, 'close');
  assert.match(said, /the mark at 4\.000s was lost: .*; 'tapedeck mark .* --at 4\.000s TEXT' sets it\n/);
  assert.equal(marksOf(tape).length, 2);
});
