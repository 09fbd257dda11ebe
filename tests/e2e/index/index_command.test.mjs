// `tapedeck index`, and what is quicker with it and otherwise the same.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import test from 'node:test';
import { output, recorder, serve, sql, tapedeck, temporaryFolder, waitFor } from '../support/command.mjs';

const { fresh } = temporaryFolder('index');
const run = (...args) => spawnSync(tapedeck, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });

// Two tapes that are the same, but one has checkpoints.
const plain = fresh(), indexed = fresh();
output(tapedeck, ['simulate', '--seed', '9', '--participants', '30', '--breakouts', '2', '--for', '5m', '-o', plain]);
fs.copyFileSync(plain, indexed);
const first = run('index', indexed);
const last = Number(sql(plain, 'SELECT max(seq) FROM frames'));

// Numbers that are the same on every run.
function numbers(count, most) {
  let x = 88172645463325252n;
  return Array.from({ length: count }, () => {
    x ^= (x << 13n) & 0xffffffffffffffffn; x ^= x >> 7n; x ^= (x << 17n) & 0xffffffffffffffffn;
    return Number(x % BigInt(most)) + 1;
  });
}

test('it says what is there, and adds only what is missing', () => {
  assert.equal(first.status, 0, first.stderr);
  const [, count] = /^tapedeck: '.+' has (\d+) checkpoints in [\d.]+ \wiB, (\d+) of them new\n$/.exec(first.stderr);
  assert.ok(Number(count) >= 4, first.stderr);
  assert.equal(first.stdout, '');
  assert.match(run('index', indexed).stderr, / 0 of them new\n$/);
  assert.equal(sql(indexed, 'SELECT count(*) FROM checkpoints'), count);
  assert.ok(fs.statSync(indexed).size < 1.25 * fs.statSync(plain).size);
});

test('the tape is whole, and the same', () => {
  assert.equal(run('verify', indexed, '--strict').stdout.replace(indexed, ''), run('verify', plain, '--strict').stdout.replace(plain, ''));
  assert.equal(run('diff', plain, indexed).status, 0);
  assert.equal(fs.existsSync(`${indexed}-wal`), false);
});

test('the state is the same at 50 frames, and for every client', () => {
  for (const seq of numbers(50, last)) {
    assert.equal(output(tapedeck, ['state', indexed, '--seq', seq]), output(tapedeck, ['state', plain, '--seq', seq]), `after ${seq}`);
  }
  for (const options of [['--at', '200s'], ['--at', '5m'], [], ['--as', 'client-17', '--at', '250s'], ['--human'], ['--seq', '0'],
    ['--self', 'somebody else', '--at', '250s'], ['--conference', 'x', '--service', 'lecture']]) {
    assert.equal(output(tapedeck, ['state', indexed, ...options]), output(tapedeck, ['state', plain, ...options]), options.join(' '));
  }
});

test('a replay from the middle brings the same bytes', async () => {
  for (const at of ['40s', '150s', '299s']) {
    const bodies = [];
    for (const tape of [plain, indexed]) {
      await serve(['replay', tape, '--from', at, '--speed', 'max', '--once'], async url => {
        bodies.push(await (await fetch(`${url}/events`)).text());
      }, { stop: null });
    }
    assert.ok(bodies[0].length > 1000);
    assert.equal(bodies[1], bodies[0], `from ${at}`);
  }
});

test('after a seek back the state is the same', async () => {
  const states = [];
  for (const tape of [plain, indexed]) {
    await serve(['replay', tape, '--timeline', 'shared', '--start', 'at-once', '--paused'], async url => {
      const of_tape = [];
      for (const at of ['290s', '30s', '200s']) {
        const seek = await fetch(`${url}/tapedeck/v1/seek`, {
          method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: at }) });
        assert.equal(seek.status, 200, await seek.text());
        of_tape.push(await (await fetch(`${url}/tapedeck/v1/state`)).json());
      }
      states.push(of_tape);
    });
  }
  assert.deepEqual(states[1], states[0]);
});

test('--drop takes it back', () => {
  const tape = fresh();
  fs.copyFileSync(indexed, tape);
  assert.match(run('index', tape, '--drop').stderr, /^tapedeck: removed \d+ checkpoints of /);
  assert.equal(sql(tape, "SELECT count(*) FROM sqlite_schema WHERE name = 'checkpoints'"), '0');
  assert.equal(run('verify', tape, '--strict').status, 0);
  assert.match(run('index', tape, '--drop').stderr, /removed 0 checkpoints/);
});

test('a tape that goes on is indexed further', () => {
  const tape = fresh(), body = fresh('.sse');
  fs.copyFileSync(indexed, tape);
  fs.writeFileSync(body, output(tapedeck, ['cat', plain]));
  output(tapedeck, ['record', body, '-o', tape, '--append']);
  const more = run('index', tape);
  assert.match(more.stderr, / [1-9]\d* of them new\n$/);
  assert.equal(run('verify', tape).stdout.includes('wrong-checkpoint'), false);
  const without = fresh();
  fs.copyFileSync(tape, without);
  output(tapedeck, ['index', without, '--drop']);
  for (const seq of numbers(10, 2 * last)) {
    assert.equal(output(tapedeck, ['state', tape, '--seq', seq]), output(tapedeck, ['state', without, '--seq', seq]), `after ${seq}`);
  }
});

test('what cannot be indexed is told in a sentence', async () => {
  const short = fresh(), sse = fresh('.sse');
  fs.writeFileSync(sse, 'event: stage\ndata: []\n\n');
  output(tapedeck, ['record', sse, '-o', short]);
  assert.match(run('index', short).stderr, /^tapedeck: '.+' is so short that it needs no checkpoint\n$/);
  for (const [args, status, sentence] of [
    [['index'], 2, /TAPE/],
    [['index', fresh()], 3, /cannot open/],
    [['index', sse], 3, /is not a tape/],
    [['index', '--drop', sse], 3, /is not a tape/]]) {
    const done = run(...args);
    assert.equal(done.status, status, done.stderr);
    assert.match(done.stderr, sentence);
    assert.equal(done.stderr.trimEnd().split('\n').length, 1, done.stderr);
  }
  const theirs = fresh();
  fs.copyFileSync(short, theirs);
  spawnSync('sqlite3', [theirs, 'CREATE TABLE checkpoints (mine)']);
  assert.match(run('index', theirs).stderr, /has a table 'checkpoints' that tapedeck did not make; rename it\n$/);
  const live = fresh();
  const recording = recorder('-o', live, '--commit-frames', '1');
  recording.stdin.write('event: stage\ndata: []\n\n');
  await waitFor('a frame on the tape', () => fs.existsSync(live) && run('info', '--json', live).stdout.includes('"frames":1'));
  const refused = run('index', live);
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /is being recorded by another process\n$/);
  recording.kill();
});

test('who waits for a long tape is told of it', () => {
  const tape = fresh(), body = fresh('.sse');
  fs.writeFileSync(body, ':\n\n'.repeat(170_000));
  output(tapedeck, ['record', body, '-o', tape, '--durable', 'normal']);
  const slow = run('state', tape);
  assert.equal(slow.status, 0);
  assert.match(slow.stderr, /^tapedeck: derived 170,000 frames to know the state; 'tapedeck index TAPE' makes that a matter of milliseconds\n$/);
  output(tapedeck, ['index', tape]);
  const quick = run('state', tape);
  assert.equal(quick.stderr, '');
  assert.equal(quick.stdout, slow.stdout);
});
