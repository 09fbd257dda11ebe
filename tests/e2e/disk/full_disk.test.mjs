// `tapedeck record` on a disk that is really full: a small tmpfs. Exits 77 where none can be mounted.
// Run with node and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { recorder, tapedeck, waitFor } from '../support/command.mjs';

const disk = fs.mkdtempSync(path.join(os.tmpdir(), 'tapedeck-full-'));
if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]).status !== 0) {
  fs.rmdirSync(disk);
  process.exit(77);
}
test.after(() => {
  spawnSync('umount', [disk]);
  fs.rmdirSync(disk);
});
test.afterEach(() => {
  for (const name of fs.readdirSync(disk)) fs.rmSync(path.join(disk, name));
});

const tape = path.join(disk, 'meeting.tape');
const filler = path.join(disk, 'filler');
const frame = n => `: ${n} ${'x'.repeat(10_000)}\n\n`;
const frames = (first, last) =>
  Array.from({ length: last - first + 1 }, (_, i) => frame(first + i)).join('');

const run = (...args) => spawnSync(tapedeck, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
const info = () => JSON.parse(run('info', '--json', tape).stdout);

// Leaves `bytes` free, about.
function fillUpTo(bytes) {
  const { bavail, bsize } = fs.statfsSync(disk);
  fs.writeFileSync(filler, Buffer.alloc(Math.max(bavail * bsize - bytes, 0)));
}

const recording = (...options) => recorder('-o', tape, ...options);

// The tape verifies, and what is on it is the beginning of `body`.
function assertBeginning(body) {
  const verdict = run('verify', tape);
  assert.equal(verdict.status, 0, verdict.stdout + verdict.stderr);
  const cat = run('cat', tape).stdout;
  assert.ok(cat.length > 0);
  assert.ok(body.startsWith(cat), 'another body');
  return cat;
}

test('a full disk stops the recording, which says what is lost, on the tape too', async () => {
  const body = frames(1, 4000);
  const child = recording('--commit-frames', '50');
  child.stdin.end(body);
  assert.deepEqual(await once(child, 'close'), [3, null], child.said);
  assert.equal(child.said.trimEnd().split('\n').length, 1, child.said);
  const said = child.said.match(/the disk is full; the tape keeps ([\d,]+) frames, those after them \(at least ([\d,]+)\) are lost/);
  assert.ok(said, child.said);
  assert.equal(assertBeginning(body), frames(1, Number(said[1].replace(',', ''))));
  assert.ok(info().gaps.some(gap => gap.reason === 'the disk is full'));
  assert.equal(info().closed, true);
});

test('where --min-free is left the recording ends as it should, and the tape is closed', async () => {
  const child = recording('--min-free', '3MiB');
  child.stdin.write(frames(1, 20));
  await waitFor('a tape', () => fs.existsSync(tape));
  fillUpTo(2 * 2 ** 20);
  child.stdin.write(frames(21, 40));
  const [status] = await once(child, 'close');
  assert.equal(status, 3, child.said);
  assert.match(child.said, /recorded \d+ frames.*less than 3\.0 MiB is free on the disk/);
  assertBeginning(frames(1, 40));
  assert.equal(info().closed, true);
  assert.equal(info().connections[0].ended, 'stopped');
  assert.equal(fs.existsSync(`${tape}-wal`), false);
});

test('a recording that waits for room loses nothing', async () => {
  const child = recording('--on-full', 'wait', '--commit-frames', '20');
  child.stdin.write(frames(1, 50));
  await waitFor('frames on the tape', () => fs.existsSync(tape) && info().frames === 50);
  fillUpTo(0);
  child.stdin.write(frames(51, 250));
  await waitFor('it says that the disk is full', () => /held in memory/.test(child.said));
  fs.rmSync(filler);
  await waitFor('it says that there is room', () => /has room again/.test(child.said));
  child.stdin.end(frames(251, 300));
  assert.deepEqual(await once(child, 'close'), [0, null], child.said);
  assert.equal(assertBeginning(frames(1, 300)), frames(1, 300));
  assert.equal(info().closed, true);
});

test('a recording that is ended while it waits says what is lost', async () => {
  const child = recording('--on-full', 'wait', '--commit-frames', '20');
  child.stdin.write(frames(1, 50));
  await waitFor('frames on the tape', () => fs.existsSync(tape) && info().frames === 50);
  fillUpTo(0);
  child.stdin.write(frames(51, 250));
  await waitFor('it says that the disk is full', () => /held in memory/.test(child.said));
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [4, null], child.said);
  assert.match(child.said, /those after them \(at least \d+\) are lost/);
  assertBeginning(frames(1, 250));
});

test('a memory that is full too stops the reading, and nothing is lost', async () => {
  const child = recording('--on-full', 'wait');
  child.stdin.write(frames(1, 10));
  await waitFor('frames on the tape', () => fs.existsSync(tape) && info().frames === 10);
  fillUpTo(0);
  // More than is held in memory; it fits into no disk here, so that only a stop ends it.
  for (let n = 0; n < 10; ++n) child.stdin.write(frames(n * 1000 + 11, n * 1000 + 1010));
  await waitFor('it says that it waits', () => /the stream waits/.test(child.said));
  const rest = () => child.stdin.writableLength;
  await waitFor('unread bytes', () => rest() > 2 ** 20);
  const unread = rest();
  await new Promise(resolve => setTimeout(resolve, 300));
  assert.equal(rest(), unread, 'it reads on');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [4, null], child.said);
  assertBeginning(frames(1, 10));
});
