// `tapedeck record` over https, and through a proxy: real TLS, certificates made for this run.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import test from 'node:test';
import { makeCertificate, output, tapedeck, temporaryFolder } from '../support/command.mjs';

const { folder, inFolder, fresh } = temporaryFolder('tls');

makeCertificate(folder);
output('openssl', ['pkey', '-in', 'key.pem', '-aes256', '-passout', 'pass:hidden', '-out', 'locked.pem'], { cwd: folder });

const body = Buffer.from('\ufeff: hello\r\n\r\nevent: stage\rdata: []\r\rdata: to');
const identity = { cert: fs.readFileSync(inFolder('cert.pem')), key: fs.readFileSync(inFolder('key.pem')) };

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return server.address().port;
}

const nodePort = await listening(https.createServer(identity, (request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.end(body);
}));
const nodeUrl = `https://127.0.0.1:${nodePort}/events?token=s3cr3t`;

async function record(args, environment = {}) {
  const env = { ...process.env, ...environment };
  const child = spawn(tapedeck, ['record', ...args, '--no-reconnect'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const result = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', text => { result[name] += text; });
  }
  [result.status] = await once(child, 'close');
  assert.equal(result.stdout, '');
  assert.ok(!result.stderr.includes('s3cr3t'), result.stderr);
  return result;
}

function assertRecorded(result, tape) {
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(spawnSync(tapedeck, ['cat', tape]).stdout, body);
}

function assertRefused(result, words) {
  assert.equal(result.status, 3, result.stderr);
  assert.match(result.stderr, words);
  assert.equal(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
}

test('a certificate that is trusted is all it takes', async () => {
  const tape = fresh();
  const result = await record([nodeUrl, '-o', tape, '--ca', inFolder('cert.pem')]);
  assertRecorded(result, tape);
  assert.equal(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
});

test('the system store is asked where nothing is said, SSL_CERT_FILE included', async () => {
  const tape = fresh();
  assertRefused(await record([nodeUrl, '-o', tape]), /authority that is not known here.*--ca/);
  assert.equal(fs.existsSync(tape), false);
  assertRecorded(await record([nodeUrl, '-o', tape], { SSL_CERT_FILE: inFolder('cert.pem') }), tape);
});

test('--insecure says what it risks', async () => {
  const tape = fresh();
  const result = await record([nodeUrl, '-o', tape, '--insecure']);
  assertRecorded(result, tape);
  assert.match(result.stderr, /warning: --insecure: nobody checks who answers/);
});

test('https goes through a proxy, whose password is not shown', async () => {
  const asked = [];
  const proxy = http.createServer();
  proxy.on('connect', (request, client) => {
    asked.push([request.url, request.headers['proxy-authorization']]);
    const node = net.connect(nodePort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(node).pipe(client);
    });
    for (const end of [client, node]) end.on('error', () => { client.destroy(); node.destroy(); });
  });
  const port = await listening(proxy);
  const tape = fresh();
  const environment = { https_proxy: `http://me:s3cr3t@127.0.0.1:${port}` };
  const args = ['https://node.test/events', '-o', tape, '--ca', inFolder('cert.pem')];
  assertRecorded(await record(args, environment), tape);
  assert.deepEqual(asked, [['node.test:443', `Basic ${Buffer.from('me:s3cr3t').toString('base64')}`]]);
  assert.ok(!fs.readFileSync(tape, 'latin1').includes('s3cr3t'));
  assertRefused(await record([args[0], '-o', fresh()], { https_proxy: 'http://me:s3cr3t@127.0.0.1:1' }),
                /its proxy cannot be used/);
});

test('what makes no sense is refused before anybody is asked', async () => {
  const cases = [
    [['--ca', inFolder('none.pem')], 3, /cannot read certificates in PEM from/],
    [['--cert', inFolder('cert.pem'), '--key', inFolder('locked.pem')], 3, /asks for a passphrase/],
    [['--key', inFolder('key.pem')], 2, /--key goes with --cert/],
    [['--insecure', '--ca', inFolder('cert.pem')], 2, /contradict/],
  ];
  for (const [args, status, words] of cases) {
    const result = await record([nodeUrl, '-o', fresh(), ...args]);
    assert.equal(result.status, status, result.stderr);
    assert.match(result.stderr, words);
  }
  const socks = await record([nodeUrl, '-o', fresh()], { HTTPS_PROXY: 'socks5://u:s3cr3t@h' });
  assert.equal(socks.status, 2);
  assert.match(socks.stderr, /the proxy in HTTPS_PROXY cannot be used/);
});
