#!/usr/bin/env node
// Writes cases too large to keep as files, in the form of fixtures/sse/cases.jsonl.
//
//   node make_large_cases.mjs OUT.jsonl
import fs from 'node:fs';

const [out] = process.argv.slice(2);
if (!out) {
  console.error('usage: node make_large_cases.mjs OUT.jsonl');
  process.exit(2);
}

const mebibyte = 2 ** 20;
const message = (data, event = 'message', lastEventId = '') => ({ event, data, lastEventId });
const lines = [];
function add(name, why, body, expected) {
  const input_b64 = Buffer.from(body, 'utf8').toString('base64');
  lines.push(JSON.stringify({ name, why, tags: ['size'], input_b64, expected, retry_ms: null }));
}

// Digits of a simple generator, so that a wrong offset shows.
function text(length) {
  let state = 7;
  let digits = '';
  while (digits.length < length) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    digits += state.toString(36);
  }
  return digits.slice(0, length);
}

for (const edge of [4096, 8192, 16384, 65536, 131072]) {
  const data = Array.from({ length: 13 }, (_, i) => text(edge - 10 + i));
  add(`edges-${edge}`, 'Lines may end anywhere in a buffer.',
    data.map(d => `data: ${d}\r\n\r\n`).join(''), data.map(d => message(d)));
}
const long = text(mebibyte);
add('line-1mib', 'A data line of 1 MiB is kept whole.', `data: ${long}\n\n`, [message(long)]);
const wide = '漢字🎛'.repeat(mebibyte / 10);
add('line-1mib-wide', 'So is one of characters of three and four bytes.', `data: ${wide}\n\n`,
  [message(wide)]);
const rows = Array.from({ length: 20000 }, (_, i) => String(i));
add('many-data-lines', 'Twenty thousand data lines are one message.',
  rows.map(r => `data: ${r}\n`).join('') + '\n', [message(rows.join('\n'))]);
add('many-empty-data-lines', 'Ten thousand empty data lines give 9999 LFs.',
  'data\n'.repeat(10000) + '\n', [message('\n'.repeat(9999))]);
const many = Array.from({ length: 100000 }, (_, i) => String(i));
add('many-messages', 'A hundred thousand small messages come in order.',
  many.map(m => `data:${m}\n\n`).join(''), many.map(m => message(m)));
add('many-messages-cr', 'Fifty thousand of them without any LF.',
  many.slice(0, 50000).map(m => `data:${m}\r\r`).join(''),
  many.slice(0, 50000).map(m => message(m)));
add('huge-comment', 'A comment of 1 MiB is skipped.', `:${long}\ndata: v\n\n`, [message('v')]);
add('huge-unknown', 'So is an unknown field of 1 MiB.', `data: a\nblob: ${long}\ndata: b\n\n`,
  [message('a\nb')]);
add('huge-nameless', 'And a line of 1 MiB without a colon.', `${long}\ndata: v\n\n`,
  [message('v')]);
add('many-keepalives', 'Fifty thousand comments with their blank lines dispatch nothing.',
  ':\n\n'.repeat(50000) + 'data: v\n\n', [message('v')]);
add('many-blank-lines', 'Nor do a hundred thousand blank lines.',
  '\n'.repeat(100000) + 'data: v\n\n', [message('v')]);
add('unfinished-1mib', 'A line of 1 MiB that never ends gives nothing.',
  `data: v\n\ndata: ${long}`, [message('v')]);
const name = text(65536);
add('long-name-and-id', 'Name and id of 64 KiB are kept whole.',
  `event: ${name}\nid: ${name}\ndata: v\n\n`, [message('v', name, name)]);

fs.writeFileSync(out, lines.join('\n') + '\n');
