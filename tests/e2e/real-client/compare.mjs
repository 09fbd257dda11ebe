// Holds two signal files (NDJSON lines {"signal","payload"}) against each other, signal by signal.
// Usage: node compare.mjs REAL.ndjson OURS.ndjson [--only onMe,onStage] [--ignore onTokenRefreshed]
// Prints each first difference of a signal and closes with 'N passed, M failed' (one per signal name). Exit 1 on a difference.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

// What a client makes up by itself is not compared.
function mask(signal, payload) {
  if (payload === null || typeof payload !== 'object') return payload;
  const masked = Array.isArray(payload) ? payload : { ...payload };
  if (signal === 'onMessage' || signal === 'onApplicationMessage') { delete masked.at; delete masked.id; }
  if (signal === 'onAuthenticatedWithConference') delete masked.token;
  return masked;
}

function bySignal(text, { only = [], ignore = [] }) {
  const signals = new Map();
  for (const line of text.split('\n')) {
    if (!line.trim()) continue;
    const { signal, payload } = JSON.parse(line);
    if (signal === undefined || signal === '!error' || ignore.includes(signal) || (only.length && !only.includes(signal))) continue;
    if (!signals.has(signal)) signals.set(signal, []);
    signals.get(signal).push(mask(signal, payload ?? null));
  }
  return signals;
}

// Two texts of NDJSON: how many signals are the same, and for each that is not, its first difference.
export function compare(realText, oursText, filter = {}) {
  const real = bySignal(realText, filter), ours = bySignal(oursText, filter);
  const differences = [];
  let passed = 0;
  for (const signal of [...new Set([...real.keys(), ...ours.keys()])].sort()) {
    const a = real.get(signal) ?? [], b = ours.get(signal) ?? [];
    let at = 0;
    while (at < a.length && at < b.length && isDeepStrictEqual(a[at], b[at])) at++;
    if (at === a.length && at === b.length) passed++;
    else differences.push({ signal, at, real: a, ours: b });
  }
  return { passed, differences };
}

// Where in two payloads the first difference is, as a JSON pointer.
function pointer(a, b) {
  const isNested = value => value !== null && typeof value === 'object';
  if (!isNested(a) || !isNested(b)) return '';
  const key = [...new Set([...Object.keys(a), ...Object.keys(b)])].find(name => !isDeepStrictEqual(a[name], b[name]));
  return key === undefined ? '' : `/${key}${pointer(a[key], b[key])}`;
}

export function describe({ signal, at, real, ours }, most = 600) {
  return `${signal}: real ${real.length}, ours ${ours.length}, first difference at ${at} ${pointer(real[at], ours[at])}\n` +
    `  real: ${JSON.stringify(real[at])?.slice(0, most)}\n` +
    `  ours: ${JSON.stringify(ours[at])?.slice(0, most)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [realPath, oursPath, ...rest] = process.argv.slice(2);
  const list = name => { const i = rest.indexOf(name); return i < 0 ? [] : rest[i + 1].split(','); };
  const { passed, differences } = compare(readFileSync(realPath, 'utf8'), readFileSync(oursPath, 'utf8'),
    { only: list('--only'), ignore: list('--ignore') });
  for (const difference of differences) console.log(describe(difference));
  console.log(`${passed} passed, ${differences.length} failed`);
  process.exit(differences.length ? 1 : 0);
}
