// Seeded texts, JSON and nearly so, through JSON.parse of Node and through our decoder: what is taken, and what it prints.
// Usage: node json.mjs --decode decode_json [--first 0] [--count 20000]
// A difference prints the text and both sides. Closes with 'N passed, M failed'.
import { execFileSync } from 'node:child_process';

const option = (name, fallback) => { const i = process.argv.indexOf('--' + name); return i < 0 ? fallback : process.argv[i + 1]; };
const first = Number(option('first', 0)), count = Number(option('count', 20000));

// mulberry32: the same texts on every machine.
function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { below: n => Math.floor(next() * n), pick: list => list[Math.floor(next() * list.length)], chance: p => next() < p };
}

const numbers = ['0', '-0', '1', '-1', '10', '0.1', '1e5', '1E-5', '1e+300', '1e309', '-1e309', '1e-400', '5e-324', '2.4e-324', '1e999999999999',
  '9007199254740993', '18446744073709551615', '18446744073709551616', '-9223372036854775809', '1'.repeat(400), `0.${'0'.repeat(330)}1`,
  '0.1e1', '1.7976931348623157e308', '1.7976931348623159e308', '123456789.123456789', '4.35', '1e21', '1e-7', '01', '1.', '.5', '+1', '-', '1e', '0x1', '1_0', 'NaN', 'Infinity'];
const strings = ['""', '"a"', '"\\u0041"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00\\ud83d"', '"\\ud83dx\\ude00"', '"\u2028\u2029"', '"\u00e9\ud83e\udd8a"',
  '"\\n\\t\\b\\f\\r\\\\\\/\\""', '"\\u00"', '"\\x41"', '"\n"', '"\u0000"', '"\u001f"', '"\u007f"', '"\\uD800\\u0041"', '"abc', "'a'", '"\\', '"\\u0000"', '"\ufeff"'];
const keys = ['"a"', '"b"', '"a"', '"10"', '"9"', '"01"', '"4294967294"', '"4294967295"', '"-1"', '"__proto__"', '"toString"', '""', '"\\u0061"', '"\\ud800"', 'a', '1'];
const spaces = ['', '', '', '', ' ', '\n', '\t', '\r', '\u00a0', '\ufeff', '\f', '/**/'];

function text(r, depth = 0) {
  const space = () => (r.chance(0.1) ? r.pick(spaces) : '');
  const list = item => Array.from({ length: r.below(6) }, item).join(space() + ',' + space());
  const kind = r.below(depth > 4 ? 3 : 6);
  if (kind === 0) return r.pick(numbers);
  if (kind === 1) return r.pick(strings);
  if (kind === 2) return r.pick(['true', 'false', 'null']);
  if (kind === 3) return `[${space()}${list(() => text(r, depth + 1))}${space()}]`;
  if (kind === 4 && r.chance(0.05)) { const n = r.below(1200); return '['.repeat(n) + ']'.repeat(n); }
  return `{${space()}${list(() => r.pick(keys) + space() + ':' + space() + text(r, depth + 1))}${space()}}`;
}

// Some texts lose, gain or change a byte.
function mutated(r, bytes) {
  if (r.chance(0.6) || !bytes.length) return bytes;
  const at = r.below(bytes.length), rest = bytes.subarray(at + 1);
  const other = Buffer.from(r.pick([',', ':', '{', '}', '[', ']', '"', '\\', ' ', '0', '9', '-', 'e', '.', 'u', '\ufeff', '\u0001']));
  return Buffer.concat([bytes.subarray(0, at), ...r.pick([[], [other], [other, bytes.subarray(at, at + 1)], [bytes.subarray(at, at + 1), other]]), rest]);
}

// As text: a decoder of UTF-8 stands before ours too.
const texts = Array.from({ length: count }, (_, i) => {
  const r = random(first + i);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(mutated(r, Buffer.from(r.pick(spaces) + text(r) + r.pick(spaces))));
});
const expected = texts.map(t => { try { return JSON.stringify(JSON.parse(t)); } catch { return '!'; } });
const input = texts.map(t => Buffer.from(t).toString('hex') + '\n').join('');
const got = execFileSync(option('decode'), { input, maxBuffer: 1 << 30 }).toString().split('\n');

let passed = 0, failed = 0, taken = 0;
texts.forEach((t, i) => {
  if (expected[i] !== '!') taken++;
  if (got[i] === expected[i]) { passed++; return; }
  failed++;
  if (failed <= 20) console.log(`seed ${first + i}: ${JSON.stringify(t).slice(0, 500)}\n  Node: ${expected[i].slice(0, 500)}\n  ours: ${String(got[i]).slice(0, 500)}`);
});
console.log(`${taken} of the texts are JSON`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
