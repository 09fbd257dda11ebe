// `tapedeck simulate --listen` as a recorder meets it: https, PINs, tokens, transfers, faults, a fast clock.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import test from 'node:test';
import { makeCertificate, memoryIsNotItsOwn, patience, serve, tapedeck, temporaryFolder } from '../support/command.mjs';
import { readJournal, streamsOf } from './journal.mjs';

const { folder, inFolder } = temporaryFolder('simulate');
const run = (...args) => spawnSync(tapedeck, ['simulate', ...args], { maxBuffer: 2 ** 30, timeout: patience });
const serveNode = (args, action, options) => serve(['simulate', ...args], action, options);

const api = (url, alias) => `${url}/api/client/v2/conferences/${encodeURIComponent(alias)}`;
async function post(url, endpoint, { alias = 'alice', body = { display_name: 'Me' }, ...headers } = {}) {
  const response = await fetch(`${api(url, alias)}/${endpoint}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const { status, result } = await response.json();
  return { code: response.status, status, result };
}

// An event stream: all of its body, and whether it ended as HTTP says.
function listen(url, alias, token, onBytes = () => {}) {
  return new Promise((resolve, reject) => {
    http.get(`${url}/api/client/v2/conferences/${alias}/events?token=${token}`, { agent: false }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', bytes => { body += bytes; onBytes(body, response); });
      response.on('error', () => {});
      response.on('close', () => resolve({ code: response.statusCode, body, whole: response.complete }));
    }).on('error', reject);
  });
}

test('https: its certificate is what clients verify', async () => {
  makeCertificate(folder);
  const conference = ['--seed', '4', '--for', '2s'];
  const secure = ['--cert', inFolder('cert.pem'), '--key', inFolder('key.pem')];
  const expected = run(...conference, '--stdout').stdout;
  await serveNode([...conference, ...secure], async url => {
    assert.match(url, /^https:/);
    const curl = spawn('curl', ['-sN', '--fail', '--cacert', inFolder('cert.pem'), `${url}/events`]);
    const chunks = [];
    for await (const chunk of curl.stdout) chunks.push(chunk);
    assert.deepEqual(Buffer.concat(chunks), expected);
    const strange = spawnSync('curl', ['-sS', `${url}/events`], { encoding: 'utf8' });
    assert.equal(strange.status, 60, strange.stderr);
    assert.notEqual(spawnSync('curl', ['-sS', url.replace('https:', 'http:')]).status, 0);
  });
  const tape = inFolder('https.tape');
  assert.equal(run('-o', tape, '--for', '5s').status, 0);
  const replay = spawn(tapedeck, ['replay', tape, '--listen', '127.0.0.1:0', '--speed', 'max', '--once', ...secure]);
  const [line] = await once(replay.stdout, 'data');
  const url = String(line).trim().slice('listening on '.length);
  assert.match(url, /^https:/);
  const heard = spawnSync('curl', ['-sN', '--fail', '--cacert', inFolder('cert.pem'), `${url}/events`]);
  assert.deepEqual(heard.stdout, spawnSync(tapedeck, ['cat', tape]).stdout);
});

test('PINs: hosts, guests and strangers', async () => {
  await serveNode(['--pin', '1234'], async url => {
    assert.deepEqual(await post(url, 'request_token'), { code: 403, status: 'success', result: { pin: 'required', guest_pin: 'none', version: {} } });
    assert.deepEqual(await post(url, 'request_token', { pin: '1' }), { code: 403, status: 'failed', result: 'Invalid PIN' });
    assert.equal((await post(url, 'request_token', { pin: '1234' })).result.role, 'HOST');
    const guest = (await post(url, 'request_token', { pin: 'none', body: { display_name: 'Gus', call_tag: 'tag' } })).result;
    assert.equal(guest.role, 'GUEST');
    const { body } = await listen(url, 'alice', guest.token, (heard, response) => { if (heard.includes('participant_sync_end')) response.destroy(); });
    assert.match(body, new RegExp(`"uuid":"${guest.participant_uuid}"[^\\n]*"call_tag":"tag"`));
    assert.doesNotMatch(body, /event: breakout_/);
  });
  await serveNode(['--pin', '1234', '--guest-pin', '99'], async url => {
    assert.deepEqual((await post(url, 'request_token', { pin: 'none' })).result, { pin: 'required', guest_pin: 'required', version: {} });
    assert.equal((await post(url, 'request_token', { pin: '99' })).result.role, 'GUEST');
  });
});

test('what else a node asks for, or refuses', async () => {
  const refusal = async (args, options) => {
    let answer;
    await serveNode(args, async url => { answer = await post(url, 'request_token', options); });
    return answer;
  };
  assert.deepEqual(await refusal(['--unavailable']), { code: 503, status: 'failed', result: 'System in maintenance mode' });
  assert.deepEqual(await refusal(['--alias', 'alice', '--alias', 'bob'], { alias: 'carol' }),
    { code: 404, status: 'failed', result: 'Neither conference nor gateway found' });
  assert.equal((await refusal(['--idp'])).result.idp.length, 1);
  assert.match((await refusal(['--idp'], { body: { display_name: 'Me', chosen_idp: 'x' } })).result.redirect_url, /^https:/);
  assert.equal((await refusal(['--extension', '42'])).result.conference_extension, 'required');
  assert.equal((await refusal(['--extension', '42'], { body: { display_name: 'Me', conference_extension: '42' } })).code, 200);
});

test('a guest of a locked conference waits, and is let in or turned away', async () => {
  const wait = async (...args) => {
    let heard;
    await serveNode(['--pin', '1234', '--locked', '--speed', '100', ...args], async url => {
      const guest = (await post(url, 'request_token', { pin: 'none' })).result;
      assert.equal(guest.current_service_type, 'waiting_room');
      heard = await listen(url, 'alice', guest.token, (body, response) => { if (body.split('participant_sync_end').length > 2) response.destroy(); });
    });
    return heard;
  };
  assert.match((await wait('--admit-after', '20s')).body, /participant_sync_end[^]*participant_sync_begin[^]*participant_create/);
  const away = await wait();
  assert.match(away.body, /event: disconnect\ndata: {"reason":"Timeout waiting for conference host[^"]*"}\nid: \w+=*\n\n$/);
  assert.equal(away.whole, true);
});

test('a token is good for its life, a refreshed one for a moment, a released one not at all', async () => {
  await serveNode(['--token-expires', '2s'], async url => {
    const { token, expires } = (await post(url, 'request_token')).result;
    assert.equal(expires, '2');
    assert.match(token, /\+.*\/.*==$/);
    const heard = listen(url, 'alice', token);
    const other = (await post(url, 'request_token')).result;
    const renewed = (await post(url, 'refresh_token', { token: other.token })).result;
    assert.notEqual(renewed.token, other.token);
    assert.deepEqual(await post(url, 'release_token', { token: renewed.token, body: { reason: 'x' } }), { code: 200, status: 'success', result: true });
    for (const gone of [renewed.token, other.token, 'made up']) {
      assert.deepEqual(await post(url, 'mute', { token: gone }), { code: 403, status: 'failed', result: 'Invalid token' });
      assert.equal((await listen(url, 'alice', encodeURIComponent(gone))).code, 403);
    }
    const { body, whole } = await heard;
    assert.match(body, /event: disconnect\ndata: {"reason":"Timer expired awaiting token refresh"}\n\n$/);
    assert.equal(whole, true);
    assert.equal((await listen(url, 'alice', token)).code, 403);
    assert.equal((await fetch(`${api(url, 'alice')}/request_token`)).status, 405);
  });
});

test('a transfer is followed with its one-time token, once', async () => {
  await serveNode(['--alias', 'alice', '--alias', 'bob smith', '--transfer-every', '30s', '--speed', '100'], async url => {
    const alice = (await post(url, 'request_token')).result;
    const { body } = await listen(url, 'alice', alice.token, (heard, response) => { if (/event: refer\n[^]*\n\n/.test(heard)) response.destroy(); });
    const refer = JSON.parse(body.match(/event: refer\ndata: (.*)\n/)[1]);
    assert.equal(refer.alias, 'bob smith');
    const follow = { display_name: 'Me', token: refer.token };
    assert.equal((await post(url, 'request_token', { body: follow })).code, 403, 'it is for another conference');
    const there = await post(url, 'request_token', { alias: refer.alias, body: follow });
    assert.equal(there.code, 200);
    assert.notEqual(there.result.participant_uuid, alice.participant_uuid);
    assert.deepEqual(await post(url, 'request_token', { alias: refer.alias, body: follow }), { code: 403, status: 'failed', result: 'Invalid token' });
    assert.equal((await listen(url, 'alice', there.result.token)).code, 403, 'a token is good in its conference only');
    const back = await listen(url, 'bob%20smith', there.result.token, (heard, response) => { if (/event: refer\n[^]*\n\n/.test(heard)) response.destroy(); });
    assert.match(back.body, /event: refer\ndata: {"alias":"alice",/);
    assert.notEqual(back.body.slice(0, 2000), body.slice(0, 2000), 'each conference is its own');
  });
});

test('the journal has every frame that was sent, on streams that break off and stall', async () => {
  const file = inFolder('journal.ndjson');
  const heard = [];
  await serveNode(['--seed', '9', '--for', '10m', '--speed', '120', '--disconnect-every', '60s', '--stall-every', '25s', '--stall-for', '10s', '--journal', file], async url => {
    const { token } = (await post(url, 'request_token')).result;
    while (!heard.at(-1)?.whole) heard.push(await listen(url, 'alice', token));
    assert.match(heard.at(-1).body, /event: disconnect\ndata: {"reason":"Conference terminated by an administrator"}/);
    await post(url, 'release_token', { token });
  }, { stop: null });
  const journal = readJournal(file);
  const streams = streamsOf(journal);
  assert.ok(streams.length > 5, `${streams.length} streams`);
  assert.deepEqual(streams.map(stream => stream.body), heard.map(stream => stream.body));
  assert.deepEqual(new Set(streams.map(stream => stream.closed)), new Set(['node']));
  const torn = streams.filter(stream => stream.frames.at(-1).complete === false);
  assert.ok(torn.length > 0 && torn.length < streams.length - 1, `${torn.length} torn`);
  let silences = 0;  // otherwise none is longer than a second
  for (const { frames } of streams) {
    for (const frame of frames.slice(0, -1)) assert.equal(frame.complete, undefined);
    for (let i = 1; i < frames.length; i++) silences += frames[i].t_ns - frames[i - 1].t_ns > 8e9;
  }
  assert.ok(silences > 10, `${silences} silences of the ${600 / 25} that were asked for`);
  const answers = journal.filter(entry => entry.what === 'answer').map(entry => `${entry.method} ${entry.path.split('/').at(-1)} ${entry.status}`);
  assert.equal(answers[0], 'POST request_token 200');
  assert.equal(answers.filter(answer => answer === 'GET events 200').length, streams.length);
  assert.doesNotMatch(fs.readFileSync(file, 'utf8'), /token=/);
  assert.equal(run('--listen', '127.0.0.1:0', '--journal', file).status, 3, 'what is there is not overwritten');
});

test('where streams break is in the seed', async () => {
  const breaks = async seed => {
    const file = inFolder(`seed-${seed}.ndjson`);
    await serveNode(['--seed', seed, '--for', '5m', '--speed', '200', '--disconnect-every', '60s', '--journal', file, '--overwrite'], async url => {
      while (!(await listen(url, 'alice', (await post(url, 'request_token')).result.token)).whole);
    }, { stop: null });
    return streamsOf(readJournal(file)).slice(0, -1).map(stream => stream.frames.at(-1).complete === false);
  };
  const first = await breaks('5');
  const again = await breaks('5');
  const common = Math.min(first.length, again.length);
  assert.ok(common >= 3, `${common} breaks`);
  assert.deepEqual(first.slice(0, common), again.slice(0, common));
});

test('after a day memory is as it was after an hour', { skip: memoryIsNotItsOwn }, async () => {
  const peak = async (...args) => {
    let kib = 0;
    await serveNode(['--participants', '2', '--breakouts', '0', ...args], async (url, { pid }) => {
      const curl = spawn('curl', ['-sN', `${url}/events`]);
      let end = '';
      curl.stdout.setEncoding('utf8').on('data', text => { end = (end + text).slice(-200); });
      await once(curl, 'close');
      assert.match(end, /event: disconnect\n/);
      kib = Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmHWM:\s*(\d+)/m)[1]);
    }, { stop: null });
    return kib;
  };
  const hour = await peak('--for', '1h', '--speed', '3600');
  const day = await peak('--for', '24h', '--speed', '7200');
  assert.ok(day < hour + 4096, `${hour} KiB after an hour, ${day} KiB after a day`);
});

test('what makes no sense is refused with a sentence', () => {
  const live = ['--listen', '127.0.0.1:0'];
  for (const [status, words, ...args] of [
    [2, /--cert goes with --listen/, '--stdout', '--cert', 'x'],
    [2, /--journal goes with --listen/, '--stdout', '--journal', 'x'],
    [2, /--speed goes with --listen/, '--stdout', '--speed', '2'],
    [2, /--key goes with --cert/, ...live, '--key', 'x'],
    [3, /cannot read a certificate in PEM from 'no-such\.pem'/, ...live, '--cert', 'no-such.pem'],
    [2, /--speed: .*write a number/, ...live, '--speed', 'max'],
    [2, /--guest-pin goes with --pin/, ...live, '--guest-pin', '1'],
    [2, /--pin: 'none' is what/, ...live, '--pin', 'none'],
    [2, /--pin: '' is what/, ...live, '--pin', ''],
    [2, /--admit-after goes with --locked/, ...live, '--admit-after', '3s'],
    [2, /--token-expires: .* whole seconds/, ...live, '--token-expires', '1500ms'],
    [2, /--token-expires: .* whole seconds/, ...live, '--token-expires', '0'],
    [2, /--transfer-every needs where to go/, ...live, '--transfer-every', '3s', '--alias', 'a'],
    [2, /--disconnect-every: /, ...live, '--disconnect-every', '0'],
    [2, /--stall-every and --stall-for go together/, ...live, '--stall-for', '3s'],
    [2, /--stall-every must be longer/, ...live, '--stall-for', '3s', '--stall-every', '3s'],
    [2, /--overwrite goes with/, ...live, '--overwrite'],
    [3, /cannot make '\/nowhere\/journal'/, ...live, '--journal', '/nowhere/journal'],
  ]) {
    const done = run(...args);
    assert.equal(done.status, status, `${args.join(' ')}: ${done.stderr}`);
    assert.match(String(done.stderr), words);
    assert.equal(String(done.stderr).trimEnd().split('\n').length, 1, 'one sentence');
    assert.equal(String(done.stdout), '');
  }
});
