// `tapedeck replay --fault` as a user meets it: the same seed does the same to the same bytes, over pipes and sockets.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import test from 'node:test';
import { patience, serve, sql, tapedeck, temporaryFolder } from '../support/command.mjs';

const { inFolder, fresh } = temporaryFolder('faults');
const run = (...args) => spawnSync(tapedeck, args, { maxBuffer: 2 ** 28, timeout: patience });
const meeting = inFolder('meeting.tape');
assert.equal(run('simulate', '--seed', '3', '--for', '60s', '--breakouts', '1', '-o', meeting).status, 0);
const body = run('cat', meeting).stdout;

const document = fs.readFileSync(new URL('../../../docs/FAULTS.md', import.meta.url), 'utf8');
const examples = [...document.matchAll(/^ {4}--fault (\S+)$/gm)].map(match => match[1]);
const ofStream = examples.filter(fault => !/^(status|expire)/.test(fault));
assert.ok(ofStream.length > 15);
const flags = (...faults) => faults.flatMap(fault => ['--fault', fault]);

function toStdout(faults, seed, ...more) {
  const done = run('replay', meeting, '--stdout', '--speed', 'max', ...flags(...faults), '--seed', `${seed}`, ...more);
  assert.equal(done.status, 0, String(done.stderr));
  assert.match(String(done.stderr), new RegExp(`^tapedeck: the seed of the faults is ${seed}$`, 'm'));
  return done.stdout;
}

// The body of an event stream, as far as it came; `whole` where it ended as HTTP says.
const stream = (url, path = '/events') => new Promise((resolve, reject) => {
  http.get(url + path, { agent: false }, response => {
    const chunks = [];
    response.on('data', chunk => chunks.push(chunk));
    response.on('error', () => {});
    response.on('close', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks), whole: response.complete }));
  }).on('error', reject);
});
const api = '/api/client/v2/conferences/meet.alice/';
const post = (url, call, token = '') => fetch(url + api + call, { method: 'POST', body: '{}', headers: { token } });
const serveTape = (args, action, options) => serve(['replay', meeting, ...args], action, options);

for (const fault of ofStream) {
  test(`${fault}: one seed, the same bytes to stdout, to nothing, on a socket and on the tape that it leaves`, async () => {
    const sent = toStdout([fault], 1);
    assert.deepEqual(toStdout([fault], 1), sent);
    const log = fresh();
    assert.deepEqual(toStdout([fault], 1, '--fault-log', log), sent);
    assert.deepEqual(run('cat', log).stdout, sent);
    assert.match(String(run('verify', '--json', log).stdout), /"whole":true/);
    const served = fresh();
    await serveTape(['--speed', 'max', '--once', ...flags(fault), '--seed', '1', '-o', served], async url => {
      assert.deepEqual((await stream(url)).body, sent);
    }, { stop: fault.startsWith('drop') ? 'SIGTERM' : null });
    assert.deepEqual(run('cat', served).stdout, sent);
  });
}

test('another seed does something else where anything is left to chance', () => {
  for (const fault of ['omit:p=0.1', 'duplicate:p=0.1', 'reorder:p=0.2,window=3', 'corrupt:p=0.5', 'drop:p=0.01', 'drop:t=15s..45s,torn=1', 'omit:frame=1..400']) {
    const kinds = new Set([1, 2, 3, 4].map(seed => toStdout([fault], seed).toString('base64')));
    assert.ok(kinds.size > 1, fault);
  }
});

test('several faults at once, twice with one seed', () => {
  const faults = ['omit:p=0.05', 'duplicate:p=0.05', 'reorder:p=0.1,window=4', 'corrupt:p=0.02,bytes=1..4', 'split:size=1..16', 'slow:rate=100000', 'drop:t=40s..55s'];
  const sent = toStdout(faults, 9);
  assert.deepEqual(toStdout(faults, 9), sent);
  assert.ok(sent.length > 1000 && sent.length < body.length);
});

test('a seed is chosen and said where none is given, and does the same again', () => {
  const done = run('replay', meeting, '--stdout', '--speed', 'max', ...flags('corrupt:p=0.5'));
  const [, seed] = String(done.stderr).match(/the seed of the faults is (\d+)/);
  assert.deepEqual(toStdout(['corrupt:p=0.5'], seed), done.stdout);
});

test('stalls, jumps and slow lines take the time that they say', () => {
  const recorded = (...faults) =>
    JSON.parse(run('replay', meeting, '--null', '--json', '--speed', 'max', ...flags(...faults)).stdout).recorded_ns;
  const whole = recorded();
  assert.equal(recorded('jump:t=10s,by=5s'), whole - 5e9);
  assert.equal(recorded('jump:t=10s,by=-5s'), whole + 5e9);
  assert.equal(recorded('stall:t=50s,for=60s'), 110e9);
  const slow = recorded('slow:rate=1000') / 1e9;
  assert.ok(slow >= body.length / 1000 && slow < body.length / 1000 + 1, `${slow} s for ${body.length} bytes`);
});

test('a split stream comes in chunks of that size', async () => {
  await serveTape(['--speed', 'max', '--until', '2s', '--once', ...flags('split:size=3')], async url => {
    const socket = net.connect(new URL(url).port, '127.0.0.1', () => socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'));
    let text = '';
    for await (const part of socket.setEncoding('latin1')) text += part;
    let rest = text.slice(text.indexOf('\r\n\r\n') + 4);
    const sizes = [];
    for (let size = -1; size !== 0;) {
      size = parseInt(rest, 16);
      sizes.push(size);
      rest = rest.slice(rest.indexOf('\r\n') + 2 + size + 2);
    }
    assert.ok(sizes.length > 10 && sizes.every(size => size <= 3), sizes.join());
  }, { stop: null });
});

test('a dropped client comes back; what it got, and that it was without a connection, is on the tape', async () => {
  const log = fresh();
  await serveTape(['--speed', 'max', ...flags('drop:frame=20,stream=1', 'drop:frame=30,stream=2,torn=1'), '--seed', '4', '-o', log], async url => {
    const parts = [await stream(url), await stream(url)];
    assert.ok(parts.every(part => !part.whole));
    for (const part of parts) assert.deepEqual(part.body, body.subarray(0, part.body.length));
    assert.ok(parts[1].body.length > parts[0].body.length);
  });
  assert.equal(sql(log, "SELECT count(*) FROM connections WHERE ended = 'broken'"), '2');
  assert.equal(sql(log, 'SELECT count(*) FROM gaps'), '1');
  assert.equal(sql(log, 'SELECT count(*) FROM frames WHERE complete = 0'), '1');
});

test('on a shared timeline all are dropped, and hear what follows when they come back', async () => {
  const said = await serveTape(['--speed', '100', '--timeline', 'shared', '--once', ...flags('drop:t=20s')], async url => {
    const both = await Promise.all([stream(url), stream(url)]);
    assert.ok(both.every(part => !part.whole && part.body.length < body.length));
    const after = await stream(url);
    assert.ok(after.whole && after.body.length > 1000 && after.body.length < body.length);
    assert.match(String(after.body), /^event: participant_sync_begin\n/);
    assert.deepEqual(after.body.subarray(-1000), body.subarray(-1000));
  }, { stop: null });
  assert.match(said, /faults: drop:t=20s 1 time$/m);
});

test('requests are refused the n-th time, and the tape says so', async () => {
  const log = fresh();
  const faults = ['status:code=503,call=refresh_token,n=1', 'status:code=401,call=events,n=2', 'status:code=403,call=mute'];
  await serveTape([...flags(...faults), '--speed', 'max', '-o', log], async url => {
    const { result: { token } } = await (await post(url, 'request_token')).json();
    assert.equal((await post(url, 'refresh_token', token)).status, 503);
    const refreshed = await post(url, 'refresh_token', token);
    assert.equal(refreshed.status, 200);
    assert.equal((await post(url, 'participants/x/mute', token)).status, 403);
    assert.equal((await post(url, 'lock', token)).status, 200);
    const first = http.get(`${url}${api}events?token=${token}`, { agent: false });
    first.on('error', () => {});
    assert.equal(await new Promise(resolve => first.on('response', response => resolve(response.statusCode))), 200);
    assert.equal((await stream(url, `${api}events?token=${token}`)).status, 401);
    first.destroy();
  });
  assert.equal(sql(log, "SELECT group_concat(status) FROM exchanges"), '200,503,200,403,200,401');
  assert.equal(sql(log, "SELECT count(*) FROM exchanges WHERE target LIKE '%token=%'"), '0');
});

test('who is forgotten is told, and refused', async () => {
  await serveTape([...flags('expire:after=1500ms,join=1'), '--speed', 'max'], async url => {
    const { result: { token } } = await (await post(url, 'request_token')).json();
    const heard = await stream(url, `${api}events?token=${token}`);
    assert.ok(heard.whole);
    assert.match(String(heard.body), /\n\nevent: disconnect\ndata: \{"reason":"[^"]+"\}\n\n$/);
    assert.equal((await post(url, 'refresh_token', token)).status, 403);
    const second = await (await post(url, 'request_token')).json();
    await new Promise(resolve => setTimeout(resolve, 1700));
    assert.equal((await post(url, 'refresh_token', second.result.token)).status, 200);
  });
});

test('what chance decides of requests is the same with one seed, and so is what is sent to who is forgotten', async () => {
  const once = async seed => {
    const faults = flags('status:code=503,call=lock,p=0.5', 'expire:after=100ms..900ms,join=2', 'omit:p=0.1');
    const answers = [];
    await serveTape([...faults, '--speed', 'max', '--seed', `${seed}`], async url => {
      const join = async () => (await (await post(url, 'request_token')).json()).result.token;
      const token = await join();
      for (let i = 0; i < 16; i++) answers.push((await post(url, 'lock', token)).status);
      answers.push(String((await stream(url, `${api}events?token=${await join()}`)).body));
    });
    return answers;
  };
  const first = await once(1);
  assert.ok(first.includes(200) && first.includes(503), first.slice(0, 16).join(' '));
  assert.match(first.at(-1), /event: disconnect\n.*\n\n$/);
  assert.deepEqual(await once(1), first);
  assert.notDeepEqual((await once(2)).slice(0, 16), first.slice(0, 16));
});

test('an interrupted run leaves a tape that is whole', async () => {
  const log = fresh();
  await serveTape(['--speed', '10', ...flags('omit:p=0.1'), '-o', log], async url => {
    const request = http.get(`${url}/events`, { agent: false });
    request.on('error', () => {});
    await new Promise(resolve => request.on('response', response => response.once('data', resolve)));
  }, { stop: 'SIGINT' });
  const info = String(run('info', log).stdout);
  assert.match(info, /state +closed/);
  assert.match(info, /faults +omit:p=0.1/);
});

test('a mistake is told in one sentence, with its place', () => {
  for (const [args, sentence] of [
    [flags('drop:fram=3'), /^tapedeck replay: --fault: in 'drop:fram=3' at column 6: 'fram' is no key of drop, which takes .*\n$/],
    [flags('status:code=503,call=lock'), /^tapedeck replay: --fault: 'status:code=503,call=lock' goes with --listen: nobody asks for anything\n$/],
    [flags('expire:after=1s'), /^tapedeck replay: --fault: 'expire:after=1s' goes with --listen/],
    [['--seed', '1'], /^tapedeck replay: --seed goes with --fault\n$/],
    [['--overwrite'], /^tapedeck replay: --overwrite goes with --fault-log TAPE or --journal FILE\n$/],
    [[...flags('omit'), '--seed', 'x'], /^tapedeck replay: --seed: 'x' is not a whole number from 0 on\n$/],
  ]) {
    const done = run('replay', meeting, '--null', ...args);
    assert.equal(done.status, 2);
    assert.match(String(done.stderr), sentence);
  }
  const there = run('replay', meeting, '--null', '-o', meeting);
  assert.equal(there.status, 3);
  assert.equal(String(there.stderr), `tapedeck replay: '${meeting}' exists; --overwrite replaces it\n`);
  assert.match(String(run('replay', meeting, '--null', '--speed', 'max', ...flags('omit:event=stagee')).stderr), /no event of the catalogue is called 'stagee'/);
});

test('--help names every kind', () => {
  const help = String(run('replay', '--help').stdout);
  for (const kind of new Set(examples.map(fault => fault.split(':')[0]))) assert.ok(help.includes(` ${kind}:`), kind);
});
