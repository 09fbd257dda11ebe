// `tapedeck record --join` against the simulated node, and against a scripted one that is strict.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import test from 'node:test';
import { makeCertificate, sql, tapedeck, temporaryFolder, waitFor } from '../support/command.mjs';

const { folder, fresh } = temporaryFolder('join');
const written = text => {
  const file = fresh('.txt');
  fs.writeFileSync(file, text);
  return file;
};

const verified = tape => {
  const done = spawnSync(tapedeck, ['verify', tape], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stdout + done.stderr);
};

async function record(args, { env = {}, started = () => {} } = {}) {
  const child = spawn(tapedeck, ['record', ...args], { env: { ...process.env, ...env } });
  const result = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', text => { result[name] += text; });
  }
  started(child);
  [result.status] = await once(child, 'close');
  assert.equal(result.stdout, '');
  return result;
}

function assertRefused(result, words) {
  assert.equal(result.status, 3, result.stderr);
  assert.match(result.stderr, words);
  assert.equal(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
}

// A node with some conferences. It is strict: a token that it has not given, or that is over, is 403,
// and what it was asked is in `asked`.
async function strictNode(conferences, { identity, address = '127.0.0.1', port = 0 } = {}) {
  const node = { asked: [], streams: {}, tokens: new Map() };
  let given = 0;
  const grant = (alias, life) => {
    const token = `s3cr3t/${++given}+=`;
    node.tokens.set(token, alias);
    return { token, expires: String(life) };
  };
  const serve = async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const url = new URL(request.url, 'http://node');
    const [, alias, endpoint] = url.pathname.match(/^\/api\/client\/v2\/conferences\/([^/]+)\/(\w+)$/);
    const conference = conferences[decodeURIComponent(alias)];
    node.asked.push({ alias, endpoint, headers: request.headers, body: body && JSON.parse(body) });
    const answer = (status, result) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ status: status === 200 ? 'success' : 'failed', result }));
    };
    if (!conference) return answer(404, 'Neither conference nor gateway found');
    if (endpoint === 'request_token') {
      if (request.method !== 'POST') return answer(405, 'no');
      const oneTime = node.asked.at(-1).body.token;
      if (oneTime !== undefined && oneTime !== conference.oneTime) return answer(403, 'Invalid token');
      if (oneTime === undefined && conference.pin && request.headers.pin !== conference.pin) {
        if (request.headers.pin) return answer(403, 'Invalid PIN');
        return answer(403, { pin: 'required', guest_pin: conference.guestPin ?? 'required', version: {} });
      }
      return answer(200, { ...grant(alias, conference.life ?? 120), participant_uuid: `uuid-${alias}`, role: 'HOST',
        display_name: node.asked.at(-1).body.display_name, version: {},
        current_service_type: conference.service ?? 'conference' });
    }
    const token = endpoint === 'events' ? url.search.slice('?token='.length) : request.headers.token;
    if (node.tokens.get(token) !== alias) return answer(403, 'Invalid token');
    if (endpoint === 'events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      node.streams[alias] = response;
      return conference.stream(response, alias);
    }
    if (endpoint === 'refresh_token') {
      node.tokens.delete(token);
      return answer(200, grant(alias, conference.life ?? 120));
    }
    assert.equal(endpoint, 'release_token');
    if (conference.onRelease) return conference.onRelease();
    node.tokens.delete(token);
    node.streams[alias]?.end();
    return answer(200, true);
  };
  const server = identity ? https.createServer(identity, serve) : http.createServer(serve);
  server.listen(port, address);
  await once(server, 'listening');
  server.unref();
  node.port = server.address().port;
  node.shut = () => { server.close(); server.closeAllConnections(); };
  node.url = `${identity ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  node.count = endpoint => node.asked.filter(call => call.endpoint === endpoint).length;
  return node;
}

const says = (...events) => response => {
  for (const [event, data] of events) {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
};

test('a simulated conference is joined, recorded and left', async () => {
  const node = spawn(tapedeck, ['simulate', '--listen', '127.0.0.1:0', '--participants', '4', '--seed', '7',
                                '--for', '30s']);
  try {
    let said = '';
    node.stdout.setEncoding('utf8').on('data', text => { said += text; });
    await waitFor('a port', () => said.includes('\n'));
    const [, url] = said.match(/listening on (\S+)/);
    const tape = fresh();
    const result = await record(['--join', 'meet.alice', '--name', 'Recorder \u00fc', url, '-o', tape, '--for', '1s']);
    assert.equal(result.status, 0, result.stderr);
    verified(tape);
    assert.equal(sql(tape, "SELECT group_concat(replace(target, rtrim(target, replace(target, '/', '')), ''), ' ') FROM exchanges"),
                 'request_token release_token');
    assert.match(sql(tape, "SELECT value FROM tape WHERE key = 'self'"), /^[0-9a-f-]{36}$/);
    assert.match(sql(tape, 'SELECT request_body FROM exchanges WHERE id = 1'), /Recorder \u00fc/);
    assert.equal(sql(tape, 'SELECT min(status) || max(status) FROM exchanges'), '200200');
  } finally {
    node.kill();
  }
});

test('a node with https is joined by its host alone, as long as its certificate is trusted', async () => {
  makeCertificate(folder);
  const [cert, key] = ['cert.pem', 'key.pem'].map(name => path.join(folder, name));
  const node = await strictNode({ a: { life: 3, stream: says(['stage', []]) } },
                                { identity: { cert: fs.readFileSync(cert), key: fs.readFileSync(key) } });
  const host = new URL(node.url).host;
  const tape = fresh();
  const result = await record(['--join', 'a', host, '-o', tape, '--ca', cert, '--for', '1500ms']);
  assert.equal(result.status, 0, result.stderr);
  assert.equal(node.count('refresh_token'), 1);
  assert.equal(node.tokens.size, 0);
  verified(tape);
  assertRefused(await record(['--join', 'a', host, '-o', fresh()]), /authority that is not known here/);
});

test('tokens that expire are refreshed in time, and a lost stream takes the newest', async () => {
  let streams = 0;
  const node = await strictNode({ a: { life: 3, stream: response => {
    response.write(`data: ${++streams}\n\n`);
    if (streams === 1) setTimeout(() => response.destroy(), 1500);
  } } });
  const tape = fresh();
  const result = await record(['--join', 'a', node.url, '-o', tape, '--for', '3200ms']);
  assert.equal(result.status, 0, result.stderr);
  assert.equal(node.count('request_token'), 1, 'joined once');
  assert.equal(node.count('refresh_token'), 3);
  assert.equal(node.count('events'), 2);
  assert.equal(node.tokens.size, 0, 'every token was given back');
  assert.equal(sql(tape, "SELECT count(*) FROM exchanges WHERE target LIKE '%refresh_token'"), '3');
  verified(tape);
});

test('of several nodes behind a name another one takes over, and is stayed with', async () => {
  const conferences = name => ({ a: { life: 3, stream: says(['message', name]) } });
  const first = await strictNode(conferences('first'));
  const second = await strictNode(conferences('second'), { address: '127.0.0.2', port: first.port });
  const tape = fresh();
  let again;
  const result = await record(['--join', 'a', `http://node.test:${first.port}`, '-o', tape, '--for', '4s',
                               '--resolve', 'node.test=127.0.0.1,127.0.0.2'], { started: async () => {
    await waitFor('a refresh', () => first.count('refresh_token') > 0);
    first.shut();
    await waitFor('another join', () => second.count('events') > 0);
    again = await strictNode(conferences('again'), { port: first.port });
  } });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(second.count('request_token'), 1);
  assert.ok(second.count('refresh_token') > 0);
  assert.equal(second.tokens.size, 0, 'the token went back to where it came from');
  assert.deepEqual(again.asked, [], 'nobody was asked who had not given the token');
  assert.deepEqual(sql(tape, "SELECT group_concat(raw, '') FROM frames").match(/first|second|again/g), ['first', 'second']);
  verified(tape);
});

test('of several nodes given the next one is joined where one fails', async () => {
  const conferences = { a: { stream: says(['message', 'hello']) } };
  const [first, second] = [await strictNode(conferences), await strictNode(conferences)];
  const tape = fresh();
  const result = await record(['--join', 'a', first.url, second.url, '-o', tape, '--frames', '2'], {
    started: async () => {
      await waitFor('a stream', () => first.count('events') === 1);
      first.shut();
    },
  });
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(second.asked.map(call => call.endpoint), ['request_token', 'events', 'release_token']);
  assert.equal(sql(tape, 'SELECT count(*) FROM gaps'), '1');
  assert.equal(sql(tape, 'SELECT count(DISTINCT source) FROM connections'), '2');
  verified(tape);
});

test('transfers are followed, and every token is given back', async () => {
  const node = await strictNode({
    a: { stream: says(['stage', []], ['refer', { alias: 'b', token: 'once-s3cr3t' }]) },
    b: { oneTime: 'once-s3cr3t', pin: 'other', stream: says(['stage', []], ['disconnect', { reason: 'All gone' }]) },
  });
  const tape = fresh();
  const result = await record(['--join', 'a', '--call-tag', 'tag', node.url, '-o', tape]);
  assert.equal(result.status, 0, result.stderr);
  assert.match(result.stderr, /over 2 connections with 1 gap .*the node disconnected us: 'All gone'/);
  assert.equal(node.tokens.size, 0);
  const releases = node.asked.filter(call => call.endpoint === 'release_token').map(call => call.body.reason);
  assert.deepEqual(releases, ['Transfer', 'All gone']);
  assert.equal(sql(tape, 'SELECT reason FROM gaps'), "the node transferred us to 'b'");
  verified(tape);
});

test('a PIN comes from the environment, a file or the command line, and is nowhere afterwards', async () => {
  const node = await strictNode({ a: { pin: '918273', stream: says(['stage', []]) } });
  const cases = [
    [['--pin', '918273'], {}],
    [['--pin-file', written('918273\n')], {}],
    [[], { TAPEDECK_PIN: '918273' }],
    [['--pin', '918273'], { TAPEDECK_PIN: 'wrong' }],
  ];
  for (const [args, env] of cases) {
    const tape = fresh();
    const result = await record(['--join', 'a', node.url, '-o', tape, '--frames', '1', ...args], { env });
    assert.equal(result.status, 0, result.stderr);
    for (const secret of ['918273', 's3cr3t']) {
      assert.ok(!fs.readFileSync(tape, 'latin1').includes(secret), secret);
      assert.ok(!result.stderr.includes(secret));
    }
    assert.match(sql(tape, 'SELECT request_headers FROM exchanges WHERE id = 1'), /pin: PIN-1/);
  }
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`${signal} gives the token back`, async () => {
    const node = await strictNode({ a: { stream: says(['stage', []]) } });
    const tape = fresh();
    const result = await record(['--join', 'a', node.url, '-o', tape], { started: async child => {
      await waitFor('a stream', () => node.streams.a && fs.existsSync(tape));
      child.kill(signal);
    } });
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stderr, new RegExp(`stopped by ${signal}`));
    assert.equal(node.tokens.size, 0);
    assert.equal(sql(tape, 'SELECT count(*) FROM exchanges'), '2');
    verified(tape);
  });
}

test('a node that does not let go holds nobody up who asks twice', async () => {
  let recorder;
  const node = await strictNode({ a: { stream: says(['stage', []]), onRelease: () => recorder.kill('SIGINT') } });
  const tape = fresh();
  const result = await record(['--join', 'a', node.url, '-o', tape], { started: async child => {
    recorder = child;
    await waitFor('a stream', () => node.streams.a && fs.existsSync(tape));
    child.kill('SIGINT');
  } });
  assert.equal(result.status, 0, result.stderr);
  verified(tape);
});

test('each refusal is one sentence and exit 3, and leaves no tape', async () => {
  const stream = says(['stage', []]);
  const node = await strictNode({
    pin: { pin: '918273', stream }, guests: { pin: '918273', guestPin: 'none', stream },
  });
  const html = http.createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>');
  });
  html.listen(0, '127.0.0.1');
  await once(html, 'listening');
  html.unref();
  const cases = [
    [['--join', 'pin', node.url], /it asks for a PIN; give one with --pin-file or --pin\n/],
    [['--join', 'guests', node.url], /or join as a guest with --guest/],
    [['--join', 'pin', '--pin', '111111', node.url], /the PIN given is wrong/],
    [['--join', 'nowhere', node.url], /no conference of that alias/],
    [['--join', 'a', `http://127.0.0.1:${html.address().port}`], /'text\/html' instead of JSON/],
    [['--join', 'a', '127.0.0.1:1'], /at https:\/\/127.0.0.1:1: cannot connect/],
    [['--join', 'a', new URL(node.url).host], /does not speak TLS; if it speaks plain HTTP, use http:/],
  ];
  for (const [args, words] of cases) {
    const tape = fresh();
    assertRefused(await record([...args, '-o', tape]), words);
    assert.equal(fs.existsSync(tape), false);
  }
});

test('a guest whom nobody lets in is told so', async () => {
  const reason = 'Timeout waiting for conference host to join or permit access to locked conference';
  const node = await strictNode({ a: { service: 'waiting_room', stream: says(['disconnect', { reason }]) } });
  const result = await record(['--join', 'a', node.url, '-o', fresh()]);
  assert.equal(result.status, 3, result.stderr);
  assert.match(result.stderr, /waiting to be let into 'a'\n[^]*nobody let us into 'a'/);
});

test('several conferences get a tape each, and one that fails does not stop the others', async () => {
  const stream = (response, alias) => says(['stage', []], ['message', alias])(response);
  const node = await strictNode({ 'a/1': { pin: '1111', stream }, b: { pin: '2222', stream } });
  const tapes = path.join(folder, 'tapes', 'today');
  const list = written('# today\na/1  1111\n\nb 2222\r\n');
  const both = await record(['--join-file', list, node.url, '-o', tapes, '--frames', '2']);
  assert.equal(both.status, 0, both.stderr);
  assert.deepEqual(fs.readdirSync(tapes).sort(), ['a_1.tape', 'b.tape']);
  for (const name of ['a_1.tape', 'b.tape']) {
    verified(path.join(tapes, name));
    assert.equal(sql(path.join(tapes, name), 'SELECT count(*) FROM frames'), '2');
  }
  assert.equal(node.tokens.size, 0);

  const mixed = await record(['--join', 'a/1', '--join', 'nowhere', '--pin', '1111', node.url, '-o', tapes,
                              '--overwrite', '--frames', '2']);
  assert.equal(mixed.status, 3, mixed.stderr);
  assert.match(mixed.stderr, /recorded 2 frames.*a_1\.tape/);
  assert.match(mixed.stderr, /no conference of that alias/);

  const signalled = await record(['--join-file', list, node.url, '-o', tapes, '--append'], { started: async child => {
    await waitFor('streams', () => node.count('events') >= 5);
    child.kill('SIGTERM');
  } });
  assert.equal(signalled.status, 0, signalled.stderr);
  assert.equal(signalled.stderr.match(/stopped by SIGTERM/g).length, 2);
  assert.equal(node.tokens.size, 0);
});

test('a command line that makes no sense is refused', async () => {
  const output = fresh();
  const uuid = '5f0c9c1e-2c8e-4a0b-9d60-0d7f6a3b1c55';
  for (const args of [
    ['http://h/', '--pin', '1'], ['http://h/', '--host'], ['-', '--no-follow'],
    ['--join', 'a', 'http://h/', '--self', uuid], ['--join', 'a', 'ftp://h/'], ['--join', '', 'h'],
    ['--join', 'a', 'h', '--host', '--guest'], ['--join', 'a', 'h', '--pin', '1', '--pin-file', 'x'],
    ['--join', 'a', 'h', '--pin', ''], ['--join', 'a', 'h', '--pin-file', written('a\nb')],
    ['--join', 'a', 'h?token=x'], ['--join', 'a', '--join', 'a', 'h'], ['--join-file', written('# none\n'), 'h'],
    ['--join', 'a', 'h', 'https://'], ['http://h/', 'http://i/'],
    ['--join', 'a', 'h', '--resolve', 'h'], ['-', '--resolve', 'h=127.0.0.1'],
  ]) {
    const result = await record([...args, '-o', output]);
    assert.equal(result.status, 2, `${args}: ${result.stderr}`);
    assert.equal(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
  }
  assert.equal(fs.existsSync(output), false);
  const missing = await record(['--join', 'a', 'h', '--pin-file', path.join(folder, 'none'), '-o', output]);
  assert.equal(missing.status, 3, missing.stderr);
});
