// The unmodified @pexip/infinity 20.0.0 through `tapedeck proxy`: it emits what it emits when it joins directly, and so
// it does with the tape that the proxy made of it.
// Runs in the folder of the real clients. Usage: node real_client.mjs --tapedeck COMMAND
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const tapedeck = process.argv[process.argv.indexOf('--tapedeck') + 1];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tapedeck-proxy-client-'));
const inFolder = name => path.join(folder, name);
process.on('exit', () => fs.rmSync(folder, { recursive: true }));

function run(command, args) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  assert.equal(done.status, 0, `${args.join(' ')}\n${done.stdout?.slice(-2000)}${done.stderr}`);
  return done.stdout;
}

async function serving(args, action) {
  const server = spawn(tapedeck, [...args, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  server.stderr.setEncoding('utf8').on('data', text => { stderr += text; });
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  try {
    await action(line.replace('listening on ', ''));
  } finally {
    server.kill('SIGTERM');
    const [status] = await once(server, 'close');
    assert.equal(status, 0, stderr);
  }
  return stderr;
}

/// What the client emits at `url`, as the name of a file.
async function join(url, name, more = []) {
  const joined = spawn(process.execPath, ['dist/client-20.mjs', '--base', url, '--conference', 'meet.alice', ...more],
    { stdio: ['ignore', fs.openSync(inFolder(name), 'w'), 'inherit'] });
  assert.deepEqual(await once(joined, 'close'), [0, null]);
  return inFolder(name);
}
const compare = (seen, expected) => console.log(run(process.execPath, ['compare.mjs', seen, expected]).trim());
const all = () => fs.readdirSync(folder).filter(name => name.includes('.tape')).map(name => fs.readFileSync(inFolder(name), 'latin1')).join('');

// --- A tape that is replayed: the same for every client.

run(tapedeck, ['simulate', '--seed', '9', '--participants', '20', '--breakouts', '2', '--for', '90s', '-o', inFolder('sim.tape')]);
const served = ['replay', inFolder('sim.tape'), '--speed', 'max'];
await serving(served, async node => {
  const direct = await join(node, 'direct.ndjson');
  let proxied;
  await serving(['proxy', '--to', node, '-o', inFolder('proxied.tape')], async proxy => {
    proxied = await join(proxy, 'proxied.ndjson');
  });
  compare(proxied, direct);
  assert.ok(fs.readFileSync(direct, 'utf8').split('\n').length > 100);
});
assert.equal(run(tapedeck, ['cat', inFolder('proxied.tape')]), run(tapedeck, ['cat', inFolder('sim.tape')]));
run(tapedeck, ['verify', inFolder('proxied.tape')]);
await serving(['replay', inFolder('proxied.tape'), '--speed', 'max'], async node => {
  compare(await join(node, 'again.ndjson'), inFolder('direct.ndjson'));
});

// --- A node that asks for a PIN: neither that nor a token is written anywhere.

const pin = '58213467';
await serving(['simulate', '--pin', pin], async node => {
  const said = await serving(['proxy', '--to', node, '-o', inFolder('pin.tape')], async proxy => {
    const seen = fs.readFileSync(await join(proxy, 'pin.ndjson', ['--pin', pin, '--max-ms', '3000']), 'utf8');
    const tokens = [...seen.matchAll(/"token":"([^"]+)"/g)].map(([, token]) => token);
    assert.match(seen, /"onConnected"/);
    assert.ok(tokens.length > 0);
    for (const secret of [pin, ...tokens]) assert.ok(!all().includes(secret), secret);
  });
  assert.ok(!(said + all()).includes(pin));
});
assert.match(run('sqlite3', [inFolder('pin.tape'), "SELECT request_headers FROM exchanges WHERE target LIKE '%request_token'"]), /pin: PIN-1/);

console.log('3 passed, 0 failed');
