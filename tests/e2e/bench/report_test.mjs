// What ./scripts/bench makes of figures: ratios and bounds, curves, and an older run beside them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { curves, ratios, regressions } from '../../../bench/support/ratios.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-report-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const figures = { a: { bytes_per_second: 8 }, 'b/slow': { bytes_per_second: 5 }, 'b/fast': { bytes_per_second: 10 }, late: { p99_us: 30 }, timer: { p99_us: 10 } };
const ratio = declared => ratios([{ ratios: [{ stage: 's', ...declared }] }], figures, { notes: [] })[0];

test('a ratio is to the fastest of several limits, or to the slowest where that is asked for', () => {
  assert.equal(ratio({ subject: 'a', limit: 'b/*' }).ratio, 0.8);
  assert.equal(ratio({ subject: 'a', limit: ['b/fast', 'b/slow'], of: 'slowest' }).ratio, 1.6);
});

test('a bound is met or not, from either side, and its absence is neither', () => {
  assert.equal(ratio({ subject: 'a', limit: 'b/fast', at_least: 0.8 }).met, true);
  assert.equal(ratio({ subject: 'a', limit: 'b/fast', at_least: 0.81 }).met, false);
  assert.equal(ratio({ subject: 'late', limit: 'timer', measure: 'p99_us', at_most: 2 }).met, false);
  assert.equal(ratio({ subject: 'late', limit: 'timer', measure: 'p99_us', at_most: 3 }).met, true);
  assert.equal(ratio({ subject: 'a', limit: 'b/fast' }).met, undefined);
});

test('a peer that is not there is left out with a sentence', () => {
  const notes = [];
  assert.deepEqual(ratios([{ ratios: [{ stage: 's', subject: 'a', limit: 'peer' }] }], figures, { notes }), []);
  assert.deepEqual(notes, ['s: left out, there is no figure for peer.']);
  ratios([{ ratios: [{ stage: 's', subject: 'a', limit: 'peer', if_absent: 'It is not packaged.' }] }], figures, { notes });
  assert.equal(notes[1], 's: left out, there is no figure for peer. It is not packaged.');
});

test('a curve that grows as n log n meets its bound, one that grows as n squared does not', () => {
  const curve = cost => curves(Object.fromEntries([10, 100, 1000].map(n => [`scale/x/${n}`, { seconds: cost(n) }])))[0];
  assert.equal(curve(n => n * Math.log2(n)).met, true);
  assert.equal(curve(n => n * n).met, false);
});

test('what is worse by more than the tolerance is a regression, in the direction of its bound', () => {
  const before = [{ stage: 'rate', ratio: 1 }, { stage: 'lateness', ratio: 1 }];
  const now = (rate, lateness) => [{ stage: 'rate', ratio: rate }, { stage: 'lateness', ratio: lateness, at_most: 2 }];
  assert.deepEqual(regressions(before, now(0.9, 1.1)), []);
  assert.deepEqual(regressions(before, now(0.8, 1.2)).map(r => r.stage), ['rate', 'lateness']);
  assert.deepEqual(regressions(before, now(2, 0.5)), []);
});

/** Runs the reporter over a program that says parsing is `speed` times as fast as memchr. */
function report(speed, ...options) {
  const bin = path.join(folder, `bin-${speed}`);
  mkdirSync(bin, { recursive: true });
  const program = path.join(bin, 'bench_made_up');
  const run = (name, rate) => ({ name, run_type: 'iteration', real_time: 1, time_unit: 's', bytes_per_second: rate });
  const made = { benchmarks: [run('events_1k1/parse_64k', speed / 2), run('events_1k1/parse_64k', speed), run('events_1k1/memchr', 1), run('scale/x/1', 1), run('scale/x/10', 1)] };
  writeFileSync(program, `#!/usr/bin/env node
const out = process.argv.find(argument => argument.startsWith('--benchmark_out=')).slice(16);
require('node:fs').writeFileSync(out, ${JSON.stringify(JSON.stringify(made))});
`);
  chmodSync(program, 0o755);
  return spawnSync('node', ['bench/support/run.mjs', '--bin', bin, '--folder', folder, ...options, '--', 'made_up'],
    { cwd: root, encoding: 'utf8' });
}

test('the report has the ratio, the curve and the plot, and keeps the best of the repetitions', () => {
  const json = path.join(folder, 'a.json');
  const svg = path.join(folder, 'a.svg');
  const done = report(2, '--json', json, '--svg', svg);
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /\| parse, feeds of 64 KiB +\|.*\| 2\.00 +\| >= 0\.7 \| met/);
  const written = JSON.parse(readFileSync(json, 'utf8'));
  assert.equal(written.ratios.find(r => r.stage === 'parse, feeds of 64 KiB').ratio, 2);
  assert.equal(written.curves[0].name, 'x');
  assert.match(readFileSync(svg, 'utf8'), /^<svg [^]*<polyline [^]*<\/svg>\n$/);
});

test('a bound that is missed ends with exit 1, but not in a quick run', () => {
  const done = report(0.5);
  assert.equal(done.status, 1);
  assert.equal(report(0.5, '--quick').status, 0);
});

test('a run that is worse than an older one ends with exit 1 and says where', () => {
  const json = path.join(folder, 'old.json');
  assert.equal(report(2, '--json', json).status, 0);
  assert.equal(report(1.9, '--compare', json).status, 0);
  const worse = report(1.5, '--compare', json);
  assert.equal(worse.status, 1);
  assert.match(worse.stderr, /worse: parse, feeds of 64 KiB, 2\.00 before and 1\.50 now/);
});

test('a program that fails ends the run with its last words', () => {
  const bin = path.join(folder, 'bin-failing');
  mkdirSync(bin);
  writeFileSync(path.join(bin, 'bench_made_up'), '#!/bin/sh\necho the answer is wrong >&2\nexit 3\n', { mode: 0o755 });
  const done = spawnSync('node', ['bench/support/run.mjs', '--bin', bin, '--folder', folder, '--', 'made_up'], { cwd: root, encoding: 'utf8' });
  assert.equal(done.status, 1);
  assert.equal(done.stderr.trim().split('\n').at(-1), 'bench: bench_made_up ended with 3: the answer is wrong');
});
