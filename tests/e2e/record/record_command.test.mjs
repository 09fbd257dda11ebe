// `tapedeck record` against real servers, pipes and signals.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { sql, tapedeck, temporaryFolder, waitFor } from '../support/command.mjs';

const { folder, fresh } = temporaryFolder('record');

const run = (...args) => spawnSync(tapedeck, args, { maxBuffer: 2 ** 28 });
const cat = tape => run('cat', tape).stdout;
const info = tape => JSON.parse(run('info', '--json', tape).stdout);

// Judged by SQLite and not by our own verify: a whole database, frames without holes, and frames and
// reads of each connection that add up to the same body.
function assertWhole(tape) {
  assert.equal(sql(tape, 'PRAGMA integrity_check'), 'ok');
  assert.equal(sql(tape, 'SELECT count(*) - coalesce(max(seq), 0) FROM frames'), '0');
  assert.equal(sql(tape, `SELECT count(*) FROM connections AS c WHERE closed_ns IS NOT NULL AND bytes IS NOT
    (SELECT coalesce(sum(length(raw)), 0) FROM frames WHERE connection_id = c.id)`), '0');
  assert.equal(sql(tape, `SELECT count(*) FROM connections AS c WHERE closed_ns IS NOT NULL AND bytes IS NOT
    (SELECT coalesce(max(offset), 0) FROM reads WHERE connection_id = c.id)`), '0');
}

// Runs the command without blocking the servers of this process.
async function record(args, { input, started = () => {} } = {}) {
  const child = spawn(tapedeck, ['record', ...args]);
  const result = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', text => { result[name] += text; });
  }
  if (input !== undefined) child.stdin.end(input);
  started(child);
  [result.status, result.signal] = await once(child, 'close');
  return result;
}

function assertDone(result, words = /recorded/) {
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, words);
  assert.equal(result.stderr.trimEnd().split('\n').length, 1, 'one sentence');
}

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

// A server whose answer to each request is what `answer` writes.
const httpServer = answer => listening(http.createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  answer(response, request);
}));

// What a stream may hold, and where a careless recorder would change it.
const awkward = Buffer.concat([
  Buffer.from('\ufeff: hello\r\n\r\nevent: stage\rdata: []\r\rdata: a\ndata: b\n\n'),
  Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x0a, 0x0a, 0x0d]),
  Buffer.from('\n\n\nid: MTA=\ndata: \u6f22\r\n\r\ndata: torn'),
]);

test('what curl gets and pipes in is what the tape gives back', async () => {
  const url = await httpServer(async response => {
    for (let at = 0; at < awkward.length; at += 7) {
      response.write(awkward.subarray(at, at + 7));
      await new Promise(setImmediate);
    }
    response.end();
  });
  const [tape, copy] = [fresh(), fresh('.sse')];
  const shell = spawn('bash', ['-c',
    'set -o pipefail; curl -sN "$1" | tee "$2" | "$0" record - -o "$3"', tapedeck, url, copy, tape]);
  const [status] = await once(shell, 'close');
  assert.equal(status, 0);
  assert.deepEqual(fs.readFileSync(copy), awkward);
  assert.deepEqual(cat(tape), awkward);
  assertWhole(tape);
});

test('a server that writes one byte at a time is recorded byte for byte', async () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';
  const url = await listening(net.createServer({ noDelay: true }, async socket => {
    for (const byte of Buffer.concat([Buffer.from(head), awkward])) {
      socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    socket.end();
  }));
  const tape = fresh();
  assertDone(await record([url, '-o', tape, '--no-reconnect']), /the server closed the connection/);
  assert.deepEqual(cat(tape), awkward);
  assertWhole(tape);
});

test('a file and stdin give the same body', async () => {
  const [file, fromFile, fromStdin] = [fresh('.sse'), fresh(), fresh()];
  fs.writeFileSync(file, awkward);
  assertDone(await record([file, '-o', fromFile]), /end of the file/);
  assertDone(await record(['-', '-o', fromStdin], { input: awkward }));
  for (const tape of [fromFile, fromStdin]) {
    assert.deepEqual(cat(tape), awkward);
    assertWhole(tape);
  }
});

test('an empty body is a recording of nothing', async () => {
  const tape = fresh();
  assertDone(await record(['-', '-o', tape], { input: '' }), /recorded 0 frames/);
  assert.equal(cat(tape).length, 0);
  assertWhole(tape);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`${signal} closes the tape and is done`, async () => {
    const tape = fresh();
    const url = await httpServer(response => response.write('data: 1\n\ndata: to'));
    const result = await record([url, '-o', tape], { started: async child => {
      await waitFor('a frame', () => fs.existsSync(tape) && cat(tape).length > 0);
      child.kill(signal);
      child.kill(signal);
    } });
    assertDone(result, new RegExp(`recorded 2 frames.*stopped by ${signal}`));
    assert.equal(cat(tape).toString(), 'data: 1\n\ndata: to');
    assert.equal(info(tape).closed, true);
    assertWhole(tape);
  });
}

test('a signal before the server has answered leaves nothing behind', async () => {
  const tape = fresh();
  let asked = false;
  const url = await listening(http.createServer(() => { asked = true; }));
  const result = await record([url, '-o', tape], { started: async child => {
    await waitFor('a request', () => asked);
    child.kill('SIGINT');
  } });
  assert.equal(result.status, 130);
  assert.match(result.stderr, /nothing was recorded/);
  assert.equal(fs.existsSync(tape), false);
});

test('SIGINT ends the wait for a pipe that says nothing', async () => {
  const tape = fresh();
  const result = await record(['-', '-o', tape], { started: async child => {
    child.stdin.write(': hello\n\n');
    await waitFor('a frame', () => fs.existsSync(tape) && cat(tape).length > 0);
    child.kill('SIGINT');
  } });
  assertDone(result, /stopped by SIGINT/);
});

test('--for ends a recording in time, --frames after exactly so many', async () => {
  const url = await httpServer(response => response.write('data: 1\n\ndata: 2\n\ndata: 3\n\n'));
  const [short, counted] = [fresh(), fresh()];
  assertDone(await record([url, '-o', short, '--for', '300ms']), /the time is up/);
  assert.equal(cat(short).toString(), 'data: 1\n\ndata: 2\n\ndata: 3\n\n');
  assertDone(await record([url, '-o', counted, '--frames', '2']), /recorded 2 frames/);
  assert.equal(cat(counted).toString(), 'data: 1\n\ndata: 2\n\n');
  assertWhole(counted);
});

test('a lost stream is taken up again, and the gap is on the tape', async () => {
  const asked = [];
  const url = await listening(http.createServer((request, response) => {
    asked.push(request.headers['last-event-id']);
    if (asked.length > 2) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(`id: ${asked.length}\ndata: x\n\ndata: to`);
    setTimeout(() => response.destroy(), 20);
  }));
  const tape = fresh();
  assertDone(await record([url, '-o', tape]), /over 2 connections with 2 gaps.*status 204/);
  assert.deepEqual(asked, [undefined, '1', '2']);
  assert.equal(cat(tape).toString(), 'id: 1\ndata: x\n\ndata: toid: 2\ndata: x\n\ndata: to');
  assertWhole(tape);
});

test('--append continues a tape, --overwrite replaces it', async () => {
  const tape = fresh();
  assertDone(await record(['-', '-o', tape], { input: 'data: 1\n\n' }));
  assert.equal((await record(['-', '-o', tape], { input: 'data: 2\n\n' })).status, 3);
  assertDone(await record(['-', '-o', tape, '--append'], { input: 'data: 2\n\n' }));
  assert.equal(cat(tape).toString(), 'data: 1\n\ndata: 2\n\n');
  assertWhole(tape);
  assertDone(await record(['-', '-o', tape, '--overwrite'], { input: 'data: 3\n\n' }));
  assert.equal(cat(tape).toString(), 'data: 3\n\n');
});

test('a source that is not there does not cost the tape that --overwrite would replace', async () => {
  const tape = fresh();
  assertDone(await record(['-', '-o', tape], { input: 'data: 1\n\n' }));
  for (const source of [path.join(folder, 'missing'), 'http://127.0.0.1:1/']) {
    assert.equal((await record([source, '-o', tape, '--overwrite'])).status, 3);
  }
  assert.equal(cat(tape).toString(), 'data: 1\n\n');
});

test('no secret reaches the tape or a message', async () => {
  const secrets = ['s3cr3t-token', 's3cr3t-user', 's3cr3t-header', 's3cr3t-cookie'];
  const seen = [];
  const url = new URL(await listening(http.createServer((request, response) => {
    seen.push(request.url, ...Object.values(request.headers));
    response.writeHead(200, { 'Content-Type': 'text/event-stream',
                              'Set-Cookie': 'id=s3cr3t-cookie', 'X-Echo': request.url });
    response.end(': nothing\n\n');
  })));
  url.username = 's3cr3t-user';
  url.search = '?token=s3cr3t-token';
  const tape = fresh();
  const done = await record([url.href, '-o', tape, '--no-reconnect',
                             '--header', 'token: s3cr3t-header', '--header', 'X-Plain: seen']);
  assertDone(done);
  assert.ok(seen.some(text => text.includes('s3cr3t-token')) && seen.includes('s3cr3t-header'));
  assert.ok(seen.includes('seen'));
  url.port = '1';
  const refused = await record([url.href, '-o', fresh(), '--header', 'token: s3cr3t-header']);
  const traces = [fs.readFileSync(tape, 'latin1'), done.stderr, refused.stderr,
                  run('info', '--json', tape).stdout.toString()];
  for (const trace of traces) {
    for (const secret of secrets) assert.ok(!trace.includes(secret), `${secret} is in it`);
  }
  assert.ok(traces[0].includes('token=TOKEN-1'));
});

test('--self is on the tape', async () => {
  const tape = fresh();
  const self = '5f0c9c1e-2c8e-4a0b-9d60-0d7f6a3b1c55';
  assertDone(await record(['-', '-o', tape, '--self', self], { input: ':\n\n' }));
  assert.equal(sql(tape, "SELECT value FROM tape WHERE key = 'self'"), self);
});

test('a disk that is full ends the recording in one sentence and a tape that is whole', async () => {
  const tape = fresh();
  const frame = `data: ${'x'.repeat(10_000)}\n\n`;
  const shell = spawn('bash', ['-c', 'ulimit -f 2000; exec "$0" record - -o "$1"', tapedeck, tape]);
  let stderr = '';
  shell.stderr.on('data', text => { stderr += text; });
  shell.stdin.on('error', () => {});
  shell.stdin.end(frame.repeat(1000));
  const [status, signal] = await once(shell, 'close');
  assert.equal(status, 3, `${signal} ${stderr}`);
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  assert.equal(info(tape).closed, false);
  assertWhole(tape);
});

test('a command line that makes no sense is refused', async () => {
  const output = fresh();
  for (const args of [
    [], ['-'], ['-', '-o', output, '--frames', '0'], ['-', '-o', output, '--for', 'soon'],
    ['-', '-o', output, '--self', 'me'], ['-', '-o', output, '--overwrite', '--append'],
    ['-', '-o', output, '--header', 'a: b'], ['-', '-o', output, '--retries', '1'],
    ['http://h/', '-o', output, '--header', 'nonsense'],
    ['http://h/', '-o', output, '--retries', '1', '--no-reconnect'],
    ['http://h/', '-o', output, '--retry-wait', '1s', '--no-reconnect'],
    ['http://h/', '-o', output, '--stall-timeout', '0'],
    ['http://h/', '-o', output, '--retries', '-1'],
    ['ftp://h/', '-o', output], ['http://', '-o', output],
  ]) {
    const result = await record(args);
    assert.equal(result.status, 2, `${args}: ${result.stderr}`);
    assert.equal(result.stdout, '');
    assert.equal(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
  }
  assert.equal(fs.existsSync(output), false);
});

const hasTerminals = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;
test('progress is shown on a terminal and nowhere else', {
  skip: hasTerminals ? false : 'this machine has no pseudo-terminals',
}, async () => {
  const url = await httpServer(response => response.write('data: 1\n\n'));
  const tape = fresh();
  const command = `'${tapedeck}' record ${url} -o ${tape} --for 700ms`;
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { stdio: 'pipe' });
  let shown = '';
  terminal.stdout.on('data', text => { shown += text; });
  const [status] = await once(terminal, 'close');
  assert.equal(status, 0, shown);
  assert.match(shown, /1 frame.*last commit 0s ago  0 gaps  connected/);
});
