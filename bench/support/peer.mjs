// What the peers in JavaScript share: their options, the corpus, and the report in the form of
// Google Benchmark.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const options = Object.fromEntries(process.argv.slice(2).map(argument => {
  const [, name, value] = /^--([^=]*)=?(.*)$/.exec(argument) ?? ['', argument, ''];
  return [name, value];
}));

export const quick = options.quick !== undefined;
export const bin = options.bin;
export const work = options.work;

/** A module of the packages that the folder's bench.json asks for. */
export const load = name => import(createRequire(path.resolve(options.modules, 'x.js')).resolve(name));

/** The corpus that `program --write_corpus` makes, as bytes: of several files the one that ends in `part`. */
export function corpus(program, mib, part = '') {
  const file = path.join(work, `${program}-${mib}.corpus`);
  execFileSync(path.resolve(bin, program), [`--corpus_mib=${mib}`, `--write_corpus=${file}`]);
  return readFileSync(file + part);
}

const runs = [];

/**
 * Times `run` as often as asked, and writes the report with it. `run` returns the number of items, which
 * must be the same each time.
 */
export async function measure(name, bytes, run) {
  const items = await run();
  for (let i = 0; i < Number(options.benchmark_repetitions ?? 1); ++i) {
    const begin = process.hrtime.bigint();
    const got = await run();
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    if (got !== items || items === 0) throw new Error(`${name} found ${got} items, and ${items} before`);
    runs.push({ name, run_type: 'iteration', real_time: seconds, time_unit: 's', bytes_per_second: bytes / seconds, items_per_second: items / seconds });
  }
  writeFileSync(options.benchmark_out, JSON.stringify({ benchmarks: runs }));
}
