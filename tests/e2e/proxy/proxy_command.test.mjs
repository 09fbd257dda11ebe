// `tapedeck proxy` between a plain HTTP client and the simulated node, or one that is scripted.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { makeCertificate, patience, serve, sql, tapedeck, temporaryFolder, waitFor } from '../support/command.mjs';

const { folder, inFolder, fresh } = temporaryFolder('proxy');

const run = (...args) => spawnSync(tapedeck, args, { encoding: 'utf8', timeout: patience });
const verified = tape => {
  const done = run('verify', tape);
  assert.equal(done.status, 0, done.stdout + done.stderr);
};

/// Joins as a client does and listens until `frames` blocks are there; gives the bytes.
async function join(url, alias, { pin, blocks = 5, during = () => {} } = {}) {
  const base = `${url}/api/client/v2/conferences/${alias}`;
  const ask = async (endpoint, headers = {}, body = undefined) => {
    const response = await fetch(`${base}/${endpoint}`, { method: 'POST', headers, body });
    return { status: response.status, ...(await response.json()) };
  };
  const member = await ask('request_token', pin ? { pin } : {}, JSON.stringify({ display_name: 'Me' }));
  assert.equal(member.status, 'success', JSON.stringify(member));
  const { token } = member.result;
  const refreshed = await ask('refresh_token', { token });
  const stop = new AbortController();
  const stream = await fetch(`${base}/events?token=${refreshed.result.token}`, { signal: stop.signal });
  assert.match(stream.headers.get('content-type'), /^text\/event-stream/);
  let bytes = Buffer.alloc(0);
  for await (const part of stream.body) {
    bytes = Buffer.concat([bytes, part]);
    if (bytes.toString().split('\n\n').length > blocks) break;
  }
  during([token, refreshed.result.token]);
  stop.abort();
  await ask('release_token', { token: refreshed.result.token }, '{}');
  return { bytes, uuid: member.result.participant_uuid, secrets: [token, refreshed.result.token] };
}

const bytesIn = dir => fs.readdirSync(dir).map(name => fs.readFileSync(path.join(dir, name), 'latin1')).join('');
const assertNone = (text, secrets) => { for (const secret of secrets) assert.ok(!text.includes(secret), secret); };

test('each participant gets a tape with what it heard, and no secret is written anywhere', async () => {
  const dir = inFolder('tapes') + '/';
  const pin = '58213467';
  const joined = [];
  await serve(['simulate', '--pin', pin], async node => {
    const said = await serve(['proxy', '--to', node, '-o', dir], async proxy => {
      for (const alias of ['meet.alice', 'meet.alice', '..%2Fother%20room']) {
        const during = tokens => assertNone(bytesIn(dir), [pin, ...tokens]);
        joined.push(await join(proxy, alias, { pin, during }));
        await waitFor('tapes that are closed', () => fs.readdirSync(dir).length === joined.length);
      }
    });
    assertNone(bytesIn(dir) + said, [pin, ...joined.flatMap(one => one.secrets)]);
    assert.match(said, /recorded .* over 3 streams with 0 gaps and 9 exchanges onto 3 tapes/);
  });
  const names = ['meet.alice.tape', 'meet.alice-2.tape', '_.._other_room.tape'];
  assert.deepEqual(fs.readdirSync(dir).sort(), [...names].sort());
  for (const [i, name] of names.entries()) {
    const tape = path.join(dir, name);
    const body = spawnSync(tapedeck, ['cat', tape]).stdout;
    assert.deepEqual(body.subarray(0, joined[i].bytes.length), joined[i].bytes);
    assert.equal(sql(tape, "SELECT value FROM tape WHERE key = 'self'"), joined[i].uuid);
    assert.equal(sql(tape, "SELECT group_concat(status) FROM exchanges WHERE method = 'POST'"), '200,200,200');
    verified(tape);
  }
});

test('one tape is the view of the first; the second is passed on and told of', async () => {
  const tape = fresh();
  const said = await (async () => {
    let inner;
    await serve(['simulate'], async node => {
      inner = await serve(['proxy', '--to', node, '-o', tape], async proxy => {
        await join(proxy, 'a');
        await join(proxy, 'b');
      });
    });
    return inner;
  })();
  assert.match(said, /passing on 'b' as [-0-9a-f]+ unrecorded: .*-o DIR gives each one a tape/);
  assert.equal(sql(tape, 'SELECT count(*) FROM connections'), '1');
  verified(tape);
});

test('a node with https is reached when its certificate is trusted', async () => {
  makeCertificate(folder);
  const node = https.createServer({ cert: fs.readFileSync(inFolder('cert.pem')), key: fs.readFileSync(inFolder('key.pem')) },
    (request, response) => response.writeHead(302, { Location: `https://${request.headers.host}/m` }).end());
  node.listen(0, '127.0.0.1');
  await once(node, 'listening');
  const to = `https://127.0.0.1:${node.address().port}`;
  await serve(['proxy', '--to', to, '--ca', inFolder('cert.pem'), '-o', fresh()], async proxy => {
    const response = await fetch(proxy, { redirect: 'manual' });
    assert.equal(response.headers.get('location'), `${proxy}/m`);
  });
  const blind = await serve(['proxy', '--to', to, '--insecure', '-o', fresh()], async proxy => {
    assert.equal((await fetch(proxy, { redirect: 'manual' })).status, 302);
  });
  assert.match(blind, /warning: --insecure/);
  const wary = await serve(['proxy', '--to', to, '-o', fresh()], async proxy => {
    assert.equal((await fetch(proxy, { redirect: 'manual' })).status, 502);
  });
  assert.match(wary, /clients are answered with 502: .*certificate/);
  node.close();
});

test('a node that is away is 502, said once, and told when it is back', async () => {
  const node = http.createServer((request, response) => response.end('here'));
  node.listen(0, '127.0.0.1');
  await once(node, 'listening');
  const { port } = node.address();
  node.close();
  await once(node, 'close');
  const said = await serve(['proxy', '--to', `http://127.0.0.1:${port}`, '-o', fresh()], async proxy => {
    for (let i = 0; i < 2; ++i) assert.equal((await fetch(proxy)).status, 502);
    node.listen(port, '127.0.0.1');
    await once(node, 'listening');
    assert.equal(await (await fetch(proxy)).text(), 'here');
  });
  node.closeAllConnections();
  node.close();
  assert.equal(said.match(/answered with 502/g).length, 1, said);
  assert.match(said, /can be reached again/);
});

test('tapes rotate for each participant, and their parts are one body', async () => {
  const dir = inFolder('parts') + '/';
  const joined = [];
  await serve(['simulate', '--speed', '20'], async node => {
    await serve(['proxy', '--to', node, '-o', dir, '--rotate', '8KiB', '--durable', 'full', '--commit-frames', '1', '--min-free', '1MiB'],
      async proxy => {
        for (let i = 0; i < 2; i++) joined.push(await join(proxy, 'alice', { blocks: 60 }));
      });
  });
  for (const [i, stem] of ['alice', 'alice-2'].entries()) {
    const parts = fs.readdirSync(dir).filter(name => name.startsWith(`${stem}.`)).sort();
    assert.ok(parts.length >= 2 && parts[0] === `${stem}.001.tape`, parts.join());
    const body = Buffer.concat(parts.map(part => spawnSync(tapedeck, ['cat', path.join(dir, part)]).stdout));
    assert.deepEqual(body.subarray(0, joined[i].bytes.length), joined[i].bytes);
    for (const part of parts) verified(path.join(dir, part));
  }
});

test('where the disk has no room nothing is recorded, and all still passes', async () => {
  const dir = inFolder('full') + '/';
  await serve(['simulate'], async node => {
    const said = await serve(['proxy', '--to', node, '-o', dir, '--min-free', '1000TiB'], async proxy => {
      const { bytes } = await join(proxy, 'alice');
      assert.ok(bytes.length > 0);
    }, { status: 4 });
    assert.match(said, /cannot record 'alice', which is passed on nevertheless: .* free/);
  });
  assert.deepEqual(fs.readdirSync(dir), []);
});

test('what cannot work is refused in one sentence before anybody connects', async () => {
  const taken = net.createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const there = fresh();
  fs.writeFileSync(there, 'x');
  const to = ['--to', 'http://127.0.0.1:1'];
  for (const [status, words, ...args] of [
    [2, /--to URL, is missing/, '-o', fresh()],
    [2, /-o TAPE or -o DIR, is missing/, ...to],
    [2, /only where the node is/, '--to', 'http://127.0.0.1/webapp3', '-o', fresh()],
    [2, /only where the node is/, '--to', 'http://me:s3cr3t@127.0.0.1', '-o', fresh()],
    [2, /--listen:/, ...to, '-o', fresh(), '--listen', 'x:y:z'],
    [2, /--allow-remote/, ...to, '-o', fresh(), '--listen', '0.0.0.0:0'],
    [2, /contradict/, ...to, '-o', fresh(), '--append', '--overwrite'],
    [2, /contradict/, ...to, '-o', fresh(), '--scrub', '--keep-secrets'],
    [2, /ring/, ...to, '-o', fresh(), '--ring', '1m'],
    [2, /go with a tape/, ...to, '-o', folder, '--append'],
    [3, /is there already/, ...to, '-o', there],
    [3, /no folder/, ...to, '-o', inFolder('no/such/folder.tape')],
    [3, /the port is in use/, ...to, '-o', fresh(), '--listen', `127.0.0.1:${taken.address().port}`],
    [3, /./, ...to, '-o', fresh(), '--ca', inFolder('no.pem')],
  ]) {
    const done = run('proxy', ...args);
    assert.equal(done.status, status, done.stderr);
    assert.match(done.stderr, words);
    assert.equal(done.stderr.trimEnd().split('\n').length, 1, done.stderr);
    assert.ok(!done.stderr.includes('s3cr3t'));
    assert.equal(done.stdout, '');
  }
  taken.close();
});
