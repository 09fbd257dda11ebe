// `tapedeck replay` with several tapes: merged on one timeline, and a folder as a node of many conferences.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import test from 'node:test';
import { patience, serve, sql, tapedeck, temporaryFolder } from '../support/command.mjs';

const { folder: temporary, inFolder, fresh } = temporaryFolder('several');
const run = (...args) => spawnSync(tapedeck, args, { encoding: 'utf8', maxBuffer: 2 ** 28, timeout: patience, env: { ...process.env, TMPDIR: temporary } });
const write = (tape, statements) => assert.equal(spawnSync('sqlite3', [tape, statements]).status, 0);

// A tape of these blocks, a second apart, the first at 1 s; begun `wall` seconds after the others.
function makeTape(tape, blocks, wall = 0) {
  fs.writeFileSync(inFolder('body.sse'), blocks.join(''));
  const made = run('record', inFolder('body.sse'), '-o', tape);
  assert.equal(made.status, 0, made.stderr);
  const start = `${1_700_000_000_000 + wall * 1000}000000`;
  write(tape, `UPDATE frames SET recv_ns = seq * 1000000000; DELETE FROM reads; UPDATE marks SET wall_ns = ${start} WHERE kind = 'opened';
    UPDATE marks SET at_ns = 9000000000 WHERE kind = 'closed'; UPDATE connections SET opened_ns = 0, wall_ns = ${start}, closed_ns = 9000000000`);
  return tape;
}
const blocks = (name, count) => Array.from({ length: count }, (_, i) => `data: "${name}${i + 1}"\n\n`);
const a = makeTape(inFolder('a.tape'), blocks('a', 3));
const b = makeTape(inFolder('b.tape'), blocks('b', 3), 1.5);

const merged = (...args) => {
  const done = run('replay', a, b, '--stdout', '--speed', 'max', ...args);
  assert.equal(done.status, 0, done.stderr);
  return [...done.stdout.matchAll(/"(\w+)"/g)].map(match => match[1]).join(' ');
};

test('several tapes are merged by the wall clock, or as if they had begun at one moment', () => {
  assert.equal(merged(), 'a1 a2 b1 a3 b2 b3');
  assert.equal(merged('--align', 'start'), 'a1 b1 a2 b2 a3 b3');
  assert.equal(merged('--from', '2.2s', '--until', '3.4s'), 'b1 a3');
  assert.deepEqual(fs.readdirSync(temporary).filter(name => name.startsWith('tapedeck-merged-')), []);
});

test('merged tapes keep every byte', () => {
  const meeting = inFolder('meeting.tape');
  assert.equal(run('simulate', '--seed', '3', '--for', '30s', '-o', meeting).status, 0);
  const bytes = (...args) => Number(run('replay', ...args, '--null', '--speed', 'max').stdout.match(/bytes +(\d+)/)[1]);
  assert.equal(bytes(meeting, meeting, '--align', 'start'), 2 * bytes(meeting));
  const log = fresh();
  assert.equal(run('replay', a, b, '--null', '--speed', 'max', '-o', log).status, 0);
  assert.equal(sql(log, 'SELECT count(*) FROM frames'), '6');
});

test('several tapes are served as one stream', async () => {
  await serve(['replay', a, b, '--speed', 'max', '--once'], async url => {
    assert.equal(await (await fetch(`${url}/events`)).text(), ['a1', 'a2', 'b1', 'a3', 'b2', 'b3'].map(data => `data: "${data}"\n\n`).join(''));
  }, { stop: null });
});

const node = inFolder('node');
fs.mkdirSync(node);
for (const [name, alias] of [['meet.alice', null], ['other', 'meet.bob']]) {
  const tape = makeTape(`${node}/${name}.tape`, blocks(name.replace(/\W/, ''), 2));
  write(tape, `INSERT INTO tape VALUES ('self', '${name}-self')` + (alias ? `; INSERT INTO tape VALUES ('alias', '${alias}')` : ''));
}
fs.writeFileSync(`${node}/notes.txt`, 'no tape');

// The start of a stream.
async function hear(url, length) {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (text.length < length) text += (await reader.read()).value;
  await reader.cancel();
  return text;
}

for (const timeline of ['private', 'shared']) {
  test(`a folder is a node with a conference for each tape, ${timeline} timeline`, () =>
    serve(['replay', node, '--speed', 'max', '--timeline', timeline], async url => {
      for (const [alias, self, name] of [['meet.alice', 'meet.alice-self', 'meetalice'], ['meet.bob', 'other-self', 'other']]) {
        const api = `${url}/api/client/v2/conferences/${alias}/`;
        const joined = await fetch(`${api}request_token`, { method: 'POST', body: '{"display_name":"Me"}' });
        assert.equal(joined.status, 200);
        const { result } = await joined.json();
        assert.equal(result.participant_uuid, self);
        const wanted = blocks(name, 2).join('');
        assert.equal(await hear(`${api}events?token=${result.token}`, wanted.length), wanted);
        if (timeline === 'private') assert.equal(await hear(`${url}/events/${alias}`, wanted.length), wanted);
      }
      const absent = await fetch(`${url}/api/client/v2/conferences/nobody/request_token`, { method: 'POST', body: '{"display_name":"Me"}' });
      assert.equal(absent.status, 404);
      for (const path of ['/events', '/events/nobody']) {
        const refused = await fetch(url + path);
        assert.equal(refused.status, 404);
        assert.match((await refused.json()).result, /each at \/events\/ALIAS: meet\.alice, meet\.bob$/);
      }
    }));
}

test('what makes no sense is told in one sentence', () => {
  const [twice, empty] = [inFolder('twice'), inFolder('empty')];
  fs.mkdirSync(twice);
  fs.mkdirSync(empty);
  for (const name of ['x', 'y']) write(makeTape(`${twice}/${name}.tape`, blocks('x', 1)), "INSERT INTO tape VALUES ('alias', 'one')");
  for (const [status, args, sentence] of [
    [3, [node, '--stdout'], `'${node}' is a folder, which goes with --listen and alone`],
    [3, [node, a], `'${node}' is a folder, which goes with --listen and alone`],
    [3, [empty], `there is no .tape in '${empty}'`],
    [3, [twice], `two tapes in '${twice}' are of the conference 'one'; move one of them`],
    [2, [a, '--align', 'start'], '--align goes with several tapes'],
    [2, [a, b, '--align', 'x'], "--align: 'x' is neither clock nor start"],
  ]) {
    const done = run('replay', ...args);
    assert.equal(done.status, status, done.stderr);
    assert.equal(done.stderr, `tapedeck replay: ${sentence}\n`);
  }
  assert.equal(run('replay', a, inFolder('nowhere.tape'), '--null').status, 3);
});
