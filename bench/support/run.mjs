// Runs the benchmarks and reports. Called by scripts/bench, which builds them; bench/README.md says
// what a folder of benchmarks brings along.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { curves, ratios, regressions } from './ratios.mjs';
import { plot } from './plot.mjs';
import { curveTable, figureTable, ratioTable } from './tables.mjs';

const { values: given, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    bin: { type: 'string' }, folder: { type: 'string' }, quick: { type: 'boolean' }, readme: { type: 'boolean' },
    json: { type: 'string' }, compare: { type: 'string' }, svg: { type: 'string' },
  },
});
// Many short ones: on a noisy machine, too, the best of them comes close to what it can do. Programs whose
// single run is long name their own number.
const repetitions = given.quick ? 2 : 60;
const secondsEach = 0.02;
const areas = readdirSync('bench', { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(entry => {
    const file = `bench/${entry.name}/bench.json`;
    return { name: entry.name, ...(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}) };
  });
const settings = Object.assign({}, ...areas.map(area => area.programs ?? {}));
const old = given.compare ? JSON.parse(readFileSync(given.compare, 'utf8')) : undefined;
const work = mkdtempSync(path.join(given.folder, 'run-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
const notes = [];

/** Whether the user wants to see this one. */
const wanted = name => words.length === 0 || words.some(word => name.includes(word));

/** The names of the subject without what Google Benchmark appends for its own settings. */
const plain = name => name.replace(/(\/(real_time|process_time|manual_time|(min_time|min_warmup_time|iterations|repeats|threads):[^/]*))+$/, '');

/** What a benchmark measured: of rates, times and quantiles of times the best of the repetitions, else the median. */
function figuresOf(runs) {
  const figures = {};
  for (const run of runs.filter(run => run.run_type === 'iteration')) {
    const perSecond = { ns: 1e9, us: 1e6, ms: 1e3, s: 1 }[run.time_unit];
    const waits = /\/(real|manual)_time/.test(run.name) || run.cpu_time === undefined;
    const counters = { ...run, seconds: (waits ? run.real_time : run.cpu_time) / perSecond };
    for (const [key, value] of Object.entries(counters)) {
      if (typeof value === 'number' && !/(_index|^repetitions|^threads|^iterations|_time)$/.test(key)) {
        ((figures[plain(run.name)] ??= {})[key] ??= []).push(value);
      }
    }
  }
  const single = (key, all) => {
    const sorted = all.toSorted((a, b) => a - b);
    const isBestLow = key === 'seconds' || /(^|_)p\d+_us$/.test(key);
    return key.endsWith('_per_second') ? sorted.at(-1) : isBestLow ? sorted[0] : sorted[sorted.length >> 1];
  };
  return Object.fromEntries(Object.entries(figures).map(([name, measures]) =>
    [name, Object.fromEntries(Object.entries(measures).map(([key, all]) => [key, single(key, all)]))]));
}

function run(name, command, args, script = []) {
  const out = path.join(work, `${name}.json`);
  process.stderr.write(`running ${name}\n`);
  // What a program's own settings say comes last and wins.
  const done = spawnSync(command, [...script, `--benchmark_out=${out}`, '--benchmark_out_format=json', '--benchmark_enable_random_interleaving=true',
    `--benchmark_repetitions=${repetitions}`, `--benchmark_min_time=${secondsEach}`, ...args], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (done.status !== 0 || !existsSync(out)) {
    const lines = done.stderr.trim().split('\n');
    throw new Error(`${name} ended with ${done.status ?? done.signal}: ${lines.find(line => line.startsWith('Error: ')) ?? lines.at(-1)}`);
  }
  return figuresOf(JSON.parse(readFileSync(out, 'utf8')).benchmarks);
}

/** The packages that a folder's peers want, installed below the build folder; false if they cannot be. */
function install(area) {
  if (!area.peer_setup) return true;
  const folder = path.join(given.folder, `npm-${area.name}`);
  const done = spawnSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', ...area.peer_setup]);
  area.modules = path.join(folder, 'node_modules');
  return done.status === 0;
}

function runAll() {
  const figures = {};
  const programs = readdirSync(given.bin).filter(name => /^bench_[a-z_0-9]+$/.test(name)).sort();
  for (const name of programs.filter(wanted)) {
    const own = settings[name]?.[given.quick ? 'quick' : 'full'] ?? [];
    Object.assign(figures, run(name, path.join(given.bin, name), [...own, ...(settings[name]?.folder ? [`--folder=${work}`] : [])]));
  }
  for (const area of areas) {
    const peers = readdirSync(`bench/${area.name}`).filter(file => /^peer_.*\.mjs$/.test(file)).sort();
    const chosen = peers.filter(file => wanted(path.basename(file, '.mjs')));
    if (chosen.length > 0 && !install(area)) {
      notes.push(`${chosen.join(', ')}: left out, npm could not install ${area.peer_setup.join(', ')}.`);
      continue;
    }
    for (const file of chosen) {
      try {
        Object.assign(figures, run(path.basename(file, '.mjs'), 'node',
          [`--bin=${given.bin}`, `--work=${work}`, `--modules=${area.modules ?? ''}`, ...(given.quick ? ['--quick'] : [])], [`bench/${area.name}/${file}`]));
      } catch (error) {
        notes.push(`${file}: left out, ${error.message}.`);
      }
    }
  }
  return figures;
}

let figures;
try {
  figures = runAll();
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exit(1);
}
const compared = ratios(areas, figures, { notes: words.length === 0 ? notes : [] });
const grown = curves(figures);
const worse = old ? regressions(old.ratios, compared) : [];
const result = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${os.cpus()[0].model.trim()}, ${os.cpus().length} cores, ${os.type()} ${os.release()}`,
  quick: Boolean(given.quick), repetitions, ratios: compared, curves: grown, figures, notes,
};

const tables = [ratioTable(compared), curveTable(grown), figureTable(figures)].filter(Boolean);
process.stdout.write(`${result.machine}, ${result.date}\n\n${tables.join('\n\n')}\n`);
for (const note of notes) process.stdout.write(`\n${note}\n`);
if (given.json) writeFileSync(given.json, `${JSON.stringify(result, null, 1)}\n`);
if (given.svg) writeFileSync(given.svg, plot(compared, grown));
if (given.readme) {
  writeFileSync('bench/results.svg', plot(compared, grown));
  const readme = readFileSync('bench/README.md', 'utf8');
  const [begin, end] = ['<!-- results: written by ./scripts/bench --readme -->\n', '<!-- end of results -->'];
  const [before, rest] = readme.split(begin);
  const text = [`${result.machine}; ${result.date}; the best of ${repetitions} interleaved repetitions, or of as many as bench.json says of a program.`,
    '![the ratios and curves below](results.svg)', ...tables, ...notes].join('\n\n');
  writeFileSync('bench/README.md', `${before}${begin}\n${text}\n\n${end}${rest.split(end)[1]}`);
}

const missed = given.quick ? [] : [...compared.filter(ratio => ratio.met === false).map(ratio => ratio.stage),
  ...grown.filter(curve => !curve.met).map(curve => curve.name)];
for (const name of missed) process.stderr.write(`missed: ${name}\n`);
for (const { stage, before, now } of worse) process.stderr.write(`worse: ${stage}, ${before.toFixed(2)} before and ${now.toFixed(2)} now\n`);
process.exitCode = missed.length + worse.length > 0 ? 1 : 0;
