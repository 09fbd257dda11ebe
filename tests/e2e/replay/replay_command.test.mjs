// `tapedeck replay` as a user meets it: bytes, times, sockets, signals, mistakes.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { patience, serve, sql, tapedeck, temporaryFolder } from '../support/command.mjs';

const { inFolder } = temporaryFolder('replay');
const run = (...args) => spawnSync(tapedeck, args, { maxBuffer: 2 ** 28, timeout: patience });
const cat = (...args) => run('cat', ...args).stdout;

// A tape of 60 s; and one whose three connections end torn and begin with a byte order mark.
const meeting = inFolder('meeting.tape');
assert.equal(run('simulate', '--seed', '3', '--for', '60s', '-o', meeting).status, 0);
const body = cat(meeting);
const torn = inFolder('torn.tape');
for (const [i, part] of ['\ufeffdata: 1\n\ndata: to', '\ufeff: hi\r\n\r\ndata: 2\r\rid: x', '\ufeffdata: 3\n\ndata: la'].entries()) {
  fs.writeFileSync(inFolder(`part${i}`), part);
  assert.equal(run('record', inFolder(`part${i}`), '-o', torn, '--append').status, 0);
}

function play(...args) {
  const done = run('replay', ...args);
  assert.equal(done.status, 0, String(done.stderr));
  return done;
}
const digest = (...args) => String(play(...args, '--null').stdout);

const serveTape = (args, action, { stop = 'SIGINT' } = {}) => serve(['replay', ...args], url => {
  assert.match(url, /^http:/);
  return action(url);
}, { stop });

const request = (url, options = {}) => new Promise((resolve, reject) => {
  http.request(url, { agent: false, ...options }, resolve).on('error', reject).end(options.body);
});
async function text(response) {
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks);
}
test('--stdout --speed max gives the bytes of cat, torn ends and all', () => {
  assert.deepEqual(play(meeting, '--stdout', '--speed', 'max').stdout, body);
  assert.deepEqual(play(torn, '--stdout', '--speed', 'max').stdout, cat(torn));
});

test('two runs and two rates give the same digest, which is that of verify', () => {
  const first = digest(meeting, '--speed', 'max');
  assert.match(first, /^frames \d+\nbytes {2}\d+\ndigest [0-9a-f]{32}\n$/);
  assert.equal(digest(meeting, '--speed', 'max'), first);
  assert.equal(digest(meeting, '--speed', '200'), first);
  assert.equal(digest(meeting, '--speed', '1000000'), first);
  assert.notEqual(digest(meeting, '--speed', 'max', '--until', '30s'), first);
  const verified = JSON.parse(run('verify', '--json', meeting).stdout);
  assert.equal(first.match(/digest (\w+)/)[1], verified.digest.bytes);
});

test('--speed sets the time that a replay takes, --from, --until and --max-gap what is played', () => {
  const played = (...args) => JSON.parse(play(meeting, '--null', '--json', ...args).stdout);
  const whole = played('--speed', '100');
  const last = Number(sql(meeting, 'SELECT max(recv_ns) FROM frames'));
  assert.equal(whole.recorded_ns, last);
  assert.ok(Math.abs(whole.elapsed_ns - last / 100) < last / 100 * 0.05, `${whole.elapsed_ns}`);
  assert.ok(whole.lateness_ns.p50 <= whole.lateness_ns.p99 && whole.lateness_ns.p99 <= whole.lateness_ns.max);
  assert.equal(played('--speed', 'max').lateness_ns, null);
  const part = played('--speed', 'max', '--from', '20s', '--until', '40s');
  assert.equal(part.frames, Number(sql(meeting, 'SELECT count(*) FROM frames WHERE recv_ns >= 20e9 AND recv_ns < 40e9')));
  assert.ok(played('--speed', 'max', '--max-gap', '50ms').recorded_ns < last / 2);
  assert.equal(played('--speed', 'max', '--loop', '3').bytes, 3 * whole.bytes);
});

test('frames go to stdout when they are due, each at once', async () => {
  const child = spawn(tapedeck, ['replay', meeting, '--stdout', '--speed', '30', '--from', '10s', '--until', '20s']);
  const at = [];
  for await (const _ of child.stdout) at.push(process.hrtime.bigint());
  assert.ok(at.length > 5, `${at.length} writes`);
  const took = Number(at.at(-1) - at[0]) / 1e6;
  assert.ok(took > 150 && took < 2000, `${took} ms`);
});

// Until the process has a handler for the signal: one that comes before ends any program.
async function untilHandled(pid, signal) {
  const bit = 1n << BigInt(os.constants.signals[signal] - 1);
  const handled = () => BigInt('0x' + fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/^SigCgt:\s*(\w+)$/m)[1]);
  while (!(handled() & bit)) await setImmediate();
}

test('an interrupted replay says so and exits 130', async () => {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    for (const where of ['--stdout', '--null']) {
      const child = spawn(tapedeck, ['replay', meeting, where, '--speed', '1']);
      child.stdout.resume();
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', chunk => { stderr += chunk; });
      await untilHandled(child.pid, signal);
      child.kill(signal);
      const [status] = await once(child, 'close');
      assert.equal(status, 130);
      assert.match(stderr, /^tapedeck: interrupted after \d+ frames?, [^\n]*\n$/);
    }
  }
});

test('a reader that goes away ends the replay', () => {
  const shell = spawnSync('bash', ['-c', `set -o pipefail; "$1" replay "$2" --stdout --speed max --loop 0 | head -c 100`, '-', tapedeck, meeting]);
  assert.equal(shell.status, 3);
  assert.match(String(shell.stderr), /^tapedeck replay: cannot write to stdout: its reader has gone\n$/);
});

test('any client hears the tape at /events, and curl does', async () => {
  await serveTape([meeting, '--speed', 'max', '--once'], async url => {
    const curl = spawn('curl', ['-sN', '--fail', `${url}/events`]);
    assert.deepEqual(await text(curl.stdout), body);
    assert.deepEqual(await once(curl, 'close'), [0, null]);
  }, { stop: null });
});

test('an old client gets a plain body', async () => {
  await serveTape([meeting, '--speed', 'max', '--once'], async url => {
    const curl = spawn('curl', ['-sN', '--http1.0', '--fail', `${url}/events`]);
    assert.deepEqual(await text(curl.stdout), body);
  }, { stop: null });
});

test('a stream stays open when the tape is over, and ends properly with the server', async () => {
  let response;
  let bytes = 0;
  const said = await serveTape([meeting, '--speed', 'max'], async url => {
    response = await request(`${url}/events`);
    await new Promise(resolve => response.on('data', chunk => {
      bytes += chunk.length;
      if (bytes === body.length) resolve();
    }));
    await new Promise(resolve => { setTimeout(resolve, 100); });
    assert.equal(response.readableEnded, false);
  }, { stop: 'SIGTERM' });
  if (!response.readableEnded) await once(response, 'end');
  assert.equal(response.complete, true);
  assert.equal(bytes, body.length);
  assert.match(said, /^tapedeck: served 1 stream, [^\n]*\n$/);
});

test('torn blocks and byte order marks are not served where a reconnect follows', async () => {
  const said = await serveTape([torn, '--speed', 'max', '--once'], async url => {
    const heard = await text(await request(`${url}/events`));
    assert.equal(String(heard), '\ufeffdata: 1\n\n: hi\r\n\r\ndata: 2\r\rdata: 3\n\ndata: la');
  }, { stop: null });
  assert.match(said, /2 torn blocks and 2 byte order marks/);
});

test('a client joins with the identity of the tape, or with --self', async () => {
  const uuid = sql(meeting, "SELECT value FROM tape WHERE key = 'self'");
  for (const [args, self] of [[[], uuid], [['--self', 'someone-else'], 'someone-else']]) {
    const said = await serveTape([meeting, ...args], async url => {
      const response = await request(`${url}/api/client/v2/conferences/meet.alice/request_token`, { method: 'POST', body: '{"display_name":"Me"}' });
      const { result } = JSON.parse(await text(response));
      assert.equal(result.participant_uuid, self);
      assert.equal(result.conference_name, 'Meet Alice');
    });
    assert.match(said, /1 join/);
  }
});

test('on a shared timeline all hear the same moment', async () => {
  await serveTape([meeting, '--speed', '20', '--timeline', 'shared', '--once'], async url => {
    const first = await request(`${url}/events`);
    const early = await new Promise(resolve => { first.once('data', part => { first.pause(); resolve(part); }); });
    const second = await request(`${url}/events`);
    const [a, b] = await Promise.all([text(first), text(second)]);
    const heard = Buffer.concat([early, a]);
    assert.deepEqual(heard, body);
    // Who comes late is told how things stand, in frames of tapedeck's own, and then hears what all hear.
    const told = String(b).indexOf('event: participant_sync_end\n');
    assert.ok(String(b).startsWith('event: participant_sync_begin\n') && told > 0);
    const live = b.subarray(b.length - 1000);
    assert.ok(b.length > 1000 && heard.subarray(heard.length - live.length).equals(live));
  }, { stop: null });
});

test('a busy port, a strange address and another machine are one sentence', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const cases = [
    [3, /^tapedeck replay: cannot listen on 127\.0\.0\.1:\d+: the port is in use; port 0 picks a free one\n$/, [meeting, '--listen', `127.0.0.1:${port}`]],
    [2, /^tapedeck replay: --listen: '8080' is not an address to listen on; write HOST:PORT/, [meeting, '--listen', '8080']],
    [2, /--allow-remote/, [meeting, '--listen', '0.0.0.0:0']],
  ];
  for (const [status, words, args] of cases) assertRefused(args, status, words);
  server.close();
});

function assertRefused(args, status, words) {
  const done = run('replay', ...args);
  assert.equal(done.status, status, `${args.join(' ')}: ${done.stderr}`);
  assert.match(String(done.stderr), words);
  assert.equal(String(done.stderr).trimEnd().split('\n').length, 1, 'one sentence');
  assert.equal(String(done.stdout), '');
}

test('what makes no sense is refused with a sentence', () => {
  fs.writeFileSync(inFolder('no.tape'), 'this is no tape');
  fs.writeFileSync(inFolder('empty'), '');
  for (const [status, words, ...args] of [
    [2, /TAPE is missing/],
    [3, /cannot open 'more'/, meeting, 'more'],
    [3, /no-such\.tape/, inFolder('no-such.tape'), '--null'],
    [3, /no\.tape/, inFolder('no.tape'), '--null'],
    [3, /empty/, inFolder('empty'), '--null'],
    [2, /--speed: 'fast' is not a speed/, meeting, '--null', '--speed', 'fast'],
    [2, /--speed: '0' is not a speed/, meeting, '--null', '--speed', '0'],
    [2, /--from: /, meeting, '--null', '--from', 'x'],
    [2, /--from: the tape ends at/, meeting, '--null', '--from', '2h'],
    [2, /--until must lie after --from/, meeting, '--null', '--from', '20s', '--until', '10s'],
    [2, /--until must lie after/, meeting, '--null', '--until', '0'],
    [2, /--max-gap: /, meeting, '--null', '--max-gap', '-1'],
    [2, /--loop: '-1' is not a whole number/, meeting, '--null', '--loop=-1'],
    [2, /exclude one another/, meeting, '--null', '--stdout'],
    [2, /exclude one another/, meeting, '--stdout', '--listen', '127.0.0.1:0'],
    [2, /--timeline goes with --listen/, meeting, '--null', '--timeline', 'shared'],
    [2, /--timeline: 'mine' is neither/, meeting, '--timeline', 'mine'],
    [2, /--self goes with --listen/, meeting, '--stdout', '--self', 'x'],
    [2, /--allow-remote goes with --listen/, meeting, '--null', '--allow-remote'],
    [2, /--json goes with --null/, meeting, '--stdout', '--json'],
    [2, /unrecognised option '--loudly'/, meeting, '--loudly'],
  ]) assertRefused(args, status, words);
});
