// The options of `tapedeck record` for what becomes of its tape.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import test from 'node:test';
import { recorder, temporaryFolder, waitFor } from '../support/command.mjs';

const { fresh } = temporaryFolder('disk');

const sql = (tape, query) => {
  const shell = spawnSync('sqlite3', ['-readonly', tape, query], { encoding: 'utf8' });
  return shell.status === 0 ? shell.stdout.trim() : '';
};
const framesOn = tape => Number(sql(tape, 'SELECT count(*) FROM frames'));

test('--commit-frames is a bound of what kill -9 can cost', async () => {
  const tape = fresh();
  const child = recorder('-o', tape, '--commit-frames', '3', '--commit-ms', '3600000');
  child.stdin.write('data: 1\n\ndata: 2\n\n');
  await waitFor('a tape', () => fs.existsSync(tape));
  child.stdin.write('data: 3\n\ndata: 4\n\ndata: 5\n\n');
  await waitFor('a commit after three frames', () => framesOn(tape) === 3);
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.equal(framesOn(tape), 3, 'the last two were not due');
});

test('--commit-ms is a bound too', async () => {
  const tape = fresh();
  const child = recorder('-o', tape, '--commit-frames', '1000000', '--commit-ms', '5', '--durable', 'normal');
  child.stdin.write('data: 1\n\n');
  await waitFor('a commit without another frame', () => framesOn(tape) === 1);
  child.stdin.end();
  assert.deepEqual(await once(child, 'close'), [0, null], child.said);
});

test('a disk that has less than --min-free is not recorded onto', async () => {
  const tape = fresh();
  const child = recorder('-o', tape, '--min-free', '10000000TiB');
  child.stdin.end('data: 1\n\n');
  assert.deepEqual(await once(child, 'close'), [2, null], child.said);
  const other = recorder('-o', tape, '--min-free', '1000TiB');
  other.stdin.end('data: 1\n\n');
  assert.deepEqual(await once(other, 'close'), [3, null], other.said);
  assert.match(other.said, /less than 1000\.0 TiB is free there; make room/);
  assert.equal(fs.existsSync(tape), false);
});

test('with --on-full wait what has come by the end is written all the same', async () => {
  const tape = fresh();
  const child = recorder('-o', tape, '--min-free', '1000TiB', '--on-full', 'wait');
  child.stdin.write('data: 1\n\n');
  await waitFor('it says that it holds what comes', () => /held in memory/.test(child.said));
  assert.equal(framesOn(tape), 0);
  child.stdin.end('data: 2\n\n');
  assert.deepEqual(await once(child, 'close'), [0, null], child.said);
  assert.match(child.said, /nothing is lost/);
  assert.equal(framesOn(tape), 2);
});

test('options that make no sense are refused', async () => {
  const tape = fresh();
  for (const options of [
    ['--commit-frames', '0'], ['--commit-frames', 'many'], ['--commit-ms', '0'],
    ['--commit-ms', '9223372036854775807'], ['--durable', 'half'], ['--on-full', 'panic'],
    ['--min-free', 'some'], ['--min-free', '-1'],
  ]) {
    const child = recorder('-o', tape, ...options);
    child.stdin.end();
    assert.deepEqual(await once(child, 'close'), [2, null], `${options}: ${child.said}`);
    assert.equal(child.said.trimEnd().split('\n').length, 1, child.said);
  }
  assert.equal(fs.existsSync(tape), false);
});
