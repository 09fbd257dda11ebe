// What `tapedeck parse` says and does around the stream itself: arguments, errors, limits, timing.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { patience, tapedeck } from '../support/command.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tapedeck-parse-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

const parse = (args, input = '') =>
  spawnSync(tapedeck, ['parse', ...args], { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
const line = (data, event = 'message', lastEventId = '') =>
  JSON.stringify({ event, data, lastEventId }) + '\n';

function assertRefused(result, status, words) {
  assert.equal(result.status, status, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, words);
  assert.equal(result.stderr.trimEnd().split('\n').length, 1, 'one sentence');
}

test('reads stdin, "-" and a file alike', () => {
  const file = path.join(folder, 'body.sse');
  const body = 'event: stage\nid: 1\ndata: a\ndata: b\n\ndata: c\r\r';
  const expected = line('a\nb', 'stage', '1') + line('c', 'message', '1');
  fs.writeFileSync(file, body);
  for (const result of [parse([], body), parse(['-'], body), parse([file])]) {
    assert.equal(result.stdout, expected);
    assert.equal(result.stderr, '');
    assert.equal(result.status, 0);
  }
});

test('an empty stream is no fault', () => {
  const result = parse([]);
  assert.deepEqual([result.stdout, result.stderr, result.status], ['', '', 0]);
});

test('--retry adds a line each time the stream sets the reconnection time', () => {
  const body = 'retry: 10\nretry: x\ndata: a\n\nretry: 99999999999999999999\n';
  assert.equal(parse(['--retry'], body).stdout,
    '{"retry":10}\n' + line('a') + '{"retry":18446744073709551615}\n');
  assert.equal(parse([], body).stdout, line('a'));
});

test('what cannot be read ends in one sentence and exit code 3', () => {
  assertRefused(parse([path.join(folder, 'missing')]), 3, /missing/);
  assertRefused(parse([folder]), 3, /directory/);
  assertRefused(parse(['']), 3, /cannot open ''/);
});

test('a command line that makes no sense ends in one sentence and exit code 2', () => {
  assertRefused(parse(['a', 'b']), 2, /too many arguments/);
  assertRefused(parse(['--bogus']), 2, /--bogus/);
  for (const limit of ['0', '-1', '1x', '99999999999999999999', '']) {
    assertRefused(parse([`--line-limit=${limit}`]), 2, /--line-limit/);
  }
});

test('a line over the limit is skipped, said on stderr, and exit code 4', () => {
  const body = 'data: kept\n\ndata: skipped\n\ndata: again\n\n';
  const result = parse(['--line-limit', '11'], body);
  assert.equal(result.stdout, line('kept') + line('again'));
  assert.match(result.stderr, /^tapedeck: a line .* after message 1;.*--line-limit.*\n$/);
  assert.equal(result.status, 4);
});

test('the limit of a line is 64 MiB unless told otherwise', () => {
  const most = 64 * 2 ** 20;
  const at = Buffer.concat([Buffer.alloc(most, ':'), Buffer.from('\ndata: v\n\n')]);
  const over = Buffer.concat([Buffer.alloc(most + 1, ':'), Buffer.from('\ndata: v\n\n')]);
  assert.deepEqual([parse([], at).status, parse([], at).stderr], [0, '']);
  assert.deepEqual([parse([], over).status, parse([], over).stdout], [4, line('v')]);
  assert.equal(parse(['--line-limit', String(most + 1)], over).status, 0);
});

test('a message over the limit is dropped, said on stderr, and exit code 4', () => {
  const row = Buffer.concat([Buffer.from('data: '), Buffer.alloc(60 * 2 ** 20, 'x'), Buffer.from('\n')]);
  const result = parse([], Buffer.concat([row, row, row, Buffer.from('\ndata: next\n\n')]));
  assert.equal(result.stdout, line('next'));
  assert.match(result.stderr, /^tapedeck: a message .* after message 0.*\n$/);
  assert.equal(result.status, 4);
});

test('a full disk is an error, not a silent loss', { skip: !fs.existsSync('/dev/full') }, () => {
  const full = fs.openSync('/dev/full', 'w');
  const result = spawnSync(tapedeck, ['parse'],
    { input: 'data: v\n\n', stdio: ['pipe', full, 'pipe'], encoding: 'utf8' });
  fs.closeSync(full);
  assert.equal(result.status, 3);
  assert.match(result.stderr, /cannot write to stdout/);
});

test('each message is printed before the next byte is waited for', { timeout: patience }, async () => {
  const child = spawn(tapedeck, ['parse', '--retry'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
  const answers = [
    ['data: lf\n\n', line('lf')],
    ['data: cr\r\r', line('cr')],
    ['\ndata: crlf\r\n\r', line('crlf')],
    ['\nretry: 5\r', '{"retry":5}\n'],
    ['\ndata\n\n', line('')],
  ];
  for (const [bytes, expected] of answers) {
    child.stdin.write(bytes);
    assert.equal((await output.next()).value, expected);
  }
  child.stdin.end('data: never finished');
  assert.equal((await output.next()).done, true);
});

test('a reader that has seen enough ends it without a word', { timeout: patience }, async () => {
  const child = spawn(tapedeck, ['parse'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stdin.write('data: first\n\n');
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    assert.equal(chunk, line('first'));
    break; // closes the pipe
  }
  const said = child.stderr.setEncoding('utf8').toArray();
  const status = new Promise(resolve => child.on('exit', (code, signal) => resolve(signal)));
  child.stdin.end('data: second\n\n'.repeat(100000));
  assert.equal(await status, 'SIGPIPE');
  assert.equal((await said).join(''), '');
});
