// `tapedeck record --rotate` and `--ring`: recordings of several tapes.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { recorder, sql, tapedeck, waitFor } from '../support/command.mjs';

let folder;
test.beforeEach(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tapedeck-series-')); });
test.afterEach(() => fs.rmSync(folder, { recursive: true }));
const at = name => path.join(folder, name);

const run = (...args) => spawnSync(tapedeck, args, { maxBuffer: 2 ** 28 });
const text = (...args) => {
  const result = run(...args);
  assert.equal(result.status, 0, `${args}: ${result.stderr}`);
  return result.stdout.toString();
};
const cat = tape => text('cat', tape);
const value = (tape, key) => sql(tape, `SELECT value FROM tape WHERE key = '${key}'`);
const tapes = () => fs.readdirSync(folder).filter(name => name.endsWith('.tape')).sort();

const self = '5f0c9c1e-2c8e-4a0b-9d60-0d7f6a3b1c55';
const conference = text('simulate', '--participants', '15', '--breakouts', '2', '--seed', '5',
  '--for', '2m', '--stdout');

function assertWhole(tape) {
  const verdict = run('verify', tape);
  assert.equal(verdict.status, 0, `${tape}: ${verdict.stdout}${verdict.stderr}`);
}

// Frames of the state at the start of a part: they come first.
const stateFrames = part => Number(sql(part, `SELECT count(*) FROM frames WHERE connection_id =
  (SELECT CAST(value AS INTEGER) FROM tape WHERE key = 'state_connection')`));
const roomsAt = (tape, seq) => JSON.parse(text('state', tape, '--seq', String(seq))).rooms;

test('the parts of a recording are one body, and each begins with the state at its start', () => {
  fs.writeFileSync(at('body.sse'), conference);
  text('record', at('body.sse'), '-o', at('whole.tape'), '--self', self);
  const recorded = run('record', at('body.sse'), '-o', at('meeting.tape'), '--self', self, '--rotate', '100KB');
  assert.equal(recorded.status, 0, recorded.stderr);
  const parts = tapes().filter(name => name.startsWith('meeting.'));
  assert.ok(parts.length >= 5, `${parts}`);
  assert.deepEqual(parts, parts.map((_, i) => `meeting.00${i + 1}.tape`));
  assert.match(recorded.stderr.toString(), /onto '.*meeting\.001\.tape' to '.*meeting\.00\d\.tape'/);
  assert.equal(parts.map(name => cat(at(name))).join(''), conference);
  let frames = 0;
  for (const [i, name] of parts.entries()) {
    const part = at(name);
    assertWhole(part);
    assert.equal(value(part, 'part'), String(i + 1));
    assert.equal(value(part, 'series'), value(at(parts[0]), 'series'));
    assert.equal(value(part, 'self'), self);
    assert.equal(value(part, 'state_connection'), i === 0 ? '' : '1');
    if (i > 0) {
      assert.equal(value(part, 'continued_connections'), '1');
      assert.equal(sql(part, 'SELECT source FROM connections ORDER BY id'),
        `tapedeck: the state at the start of this part\n${at('body.sse')}`);
      const replayed = text('replay', part, '--stdout', '--speed', 'max');
      assert.ok(replayed.startsWith('event: participant_sync_begin\n'));
      assert.ok(replayed.endsWith(cat(part)), 'the state, then what was received');
      assert.deepEqual(roomsAt(part, stateFrames(part)), roomsAt(at('whole.tape'), frames));
    }
    frames += Number(sql(part, 'SELECT count(*) FROM frames')) - stateFrames(part);
  }
  assert.equal(frames, Number(sql(at('whole.tape'), 'SELECT count(*) FROM frames')));
});

test('however the bytes arrive, no frame is lost or doubled between parts', async () => {
  const body = conference.replaceAll('\n', '\r');  // the end of a block shows late
  const child = recorder('-o', at('meeting.tape'), '--rotate', '20KB');
  for (let from = 0, size = 1; from < body.length; from += size, size = (size * 7 + 13) % 4999) {
    if (!child.stdin.write(body.slice(from, from + size))) await once(child.stdin, 'drain');
    await new Promise(setImmediate);
  }
  child.stdin.end();
  assert.deepEqual(await once(child, 'close'), [0, null], child.said);
  assert.ok(tapes().length > 5, `${tapes()}`);
  assert.equal(tapes().map(name => cat(at(name))).join(''), body);
  for (const name of tapes()) {
    const bytes = run('verify', '--json', at(name));
    assert.doesNotMatch(bytes.stdout.toString(), /"tape\.(seq|time|connection|bytes|value|pages)"/, name);
  }
});

test('a part ends when its time is over, with the next block', async () => {
  const child = recorder('-o', at('meeting.tape'), '--rotate', '50ms', '--rotate', '1GiB');
  for (let n = 1; tapes().length < 3; ++n) {
    assert.ok(n < 2000, `${tapes()} ${child.said}`);
    child.stdin.write(`: ${n}\n\n`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  child.stdin.end();
  assert.deepEqual(await once(child, 'close'), [0, null], child.said);
  const starts = tapes().map(name => Number(value(at(name), 'part_start_ns')));
  assert.equal(starts[0], 0);
  for (let i = 1; i < starts.length; ++i) assert.ok(starts[i] - starts[i - 1] >= 50e6, `${starts}`);
  tapes().forEach(name => assertWhole(at(name)));
});

test('parts that are there are refused, removed or continued', () => {
  fs.writeFileSync(at('body.sse'), conference);
  const record = (...options) =>
    run('record', at('body.sse'), '-o', at('x.tape'), '--rotate', '100KB', ...options);
  assert.equal(record().status, 0);
  const parts = tapes();
  assert.ok(parts.length > 3);
  const refused = record();
  assert.equal(refused.status, 3);
  assert.match(refused.stderr.toString(), /x\.001\.tape' exists; --overwrite removes/);
  assert.equal(record('--append').status, 0);
  assert.equal(tapes().length, 2 * parts.length);
  assert.equal(value(at(tapes().at(-1)), 'series'), value(at(parts[0]), 'series'));
  assert.equal(tapes().map(name => cat(at(name))).join(''), conference.repeat(2));
  assert.equal(record('--overwrite', '--frames', '3').status, 0);
  assert.deepEqual(tapes(), ['x.001.tape']);
});

test('a ring keeps the last minutes, writes them out on SIGUSR1 and at the end', async () => {
  const child = recorder('-o', at('flight.tape'), '--ring', '1s');
  let n = 0;
  const feed = async until => {
    for (const end = Date.now() + 20_000; !until();) {
      assert.ok(Date.now() < end, `${tapes()} ${child.said}`);
      child.stdin.write(`: ${++n}\n\n`);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  };
  await feed(() => fs.existsSync(at('flight.ring.012.tape')));
  const ring = tapes();
  assert.ok(ring.length <= 11 && !ring.includes('flight.ring.001.tape'), `${ring}`);
  child.kill('SIGUSR1');
  await feed(() => /wrote the last 1\.000s to '.*flight\.001\.tape'/.test(child.said));
  await feed(() => fs.existsSync(at('flight.ring.015.tape')));
  child.stdin.end();
  assert.deepEqual(await once(child, 'close'), [0, null], child.said);
  assert.deepEqual(tapes(), ['flight.001.tape', 'flight.tape'], 'the ring is gone');
  for (const name of tapes()) {
    assertWhole(at(name));
    const numbers = cat(at(name)).match(/\d+/g).map(Number);
    assert.ok(numbers[0] > 1);
    assert.deepEqual(numbers, numbers.map((_, i) => numbers[0] + i), 'no block is missing');
    const span = Number(sql(at(name), 'SELECT max(recv_ns) - min(recv_ns) FROM frames'));
    assert.ok(span >= 0.9e9, `${span}`);
  }
  assert.equal(cat(at('flight.tape')).match(/\d+/g).at(-1), String(n));
});

test('a ring that is killed leaves its parts', async () => {
  const child = recorder('-o', at('flight.tape'), '--ring', '10m', '--commit-frames', '1');
  child.stdin.write(': 1\n\n');
  await waitFor('a frame', () => fs.existsSync(at('flight.ring.001.tape')) && cat(at('flight.ring.001.tape')));
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.equal(cat(at('flight.ring.001.tape')), ': 1\n\n');
  const again = run('record', '-', '-o', at('flight.tape'), '--ring', '10m');
  assert.equal(again.status, 3);
  assert.match(again.stderr.toString(), /flight\.ring\.001\.tape' exists/);
});

test('options that make no sense are refused', () => {
  for (const options of [
    ['--rotate', '10'], ['--rotate', '0s'], ['--rotate', '0B'], ['--rotate', 'often'], ['--rotate', ''],
    ['--ring', '0'], ['--ring', 'x'], ['--ring', '10m', '--rotate', '1h'], ['--ring', '10m', '--append'],
  ]) {
    const result = run('record', '-', '-o', at('x.tape'), ...options);
    assert.equal(result.status, 2, `${options}: ${result.stderr}`);
    assert.equal(result.stderr.toString().trimEnd().split('\n').length, 1);
  }
  assert.deepEqual(tapes(), []);
});
