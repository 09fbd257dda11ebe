// The unmodified @pexip/infinity 20.0.0 through `tapedeck proxy`: it emits what it emits when it joins directly, and so
// it does with the tape that the proxy made of it.
// Runs in the folder of the real clients. TAPEDECK names the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { checklist, output, serve, sql, tapedeck, temporaryFolder } from '../support/command.mjs';

const { folder, inFolder } = temporaryFolder('proxy-client');
const { check, close } = checklist();

/// What the client emits at `url`, as the name of a file.
async function join(url, name, more = []) {
  const joined = spawn(process.execPath, ['dist/client-20.mjs', '--base', url, '--conference', 'meet.alice', ...more],
    { stdio: ['ignore', fs.openSync(inFolder(name), 'w'), 'inherit'] });
  assert.deepEqual(await once(joined, 'close'), [0, null]);
  return inFolder(name);
}
const compare = (seen, expected) => console.log(output(process.execPath, ['compare.mjs', seen, expected]).trim());
const all = () => fs.readdirSync(folder).filter(name => name.includes('.tape')).map(name => fs.readFileSync(inFolder(name), 'latin1')).join('');

output(tapedeck, ['simulate', '--seed', '9', '--participants', '20', '--breakouts', '2', '--for', '90s', '-o', inFolder('sim.tape')]);

await check('it emits through the proxy what it emits without', () => serve(['replay', inFolder('sim.tape'), '--speed', 'max'], async node => {
  const direct = await join(node, 'direct.ndjson');
  let proxied;
  await serve(['proxy', '--to', node, '-o', inFolder('proxied.tape')], async proxy => {
    proxied = await join(proxy, 'proxied.ndjson');
  });
  compare(proxied, direct);
  assert.ok(fs.readFileSync(direct, 'utf8').split('\n').length > 100);
}));

await check('the tape has what was served, and is replayed to the same signals', async () => {
  assert.equal(output(tapedeck, ['cat', inFolder('proxied.tape')]), output(tapedeck, ['cat', inFolder('sim.tape')]));
  output(tapedeck, ['verify', inFolder('proxied.tape')]);
  await serve(['replay', inFolder('proxied.tape'), '--speed', 'max'], async node => {
    compare(await join(node, 'again.ndjson'), inFolder('direct.ndjson'));
  });
});

await check('neither a PIN nor a token is written anywhere', async () => {
  const pin = '58213467';
  await serve(['simulate', '--pin', pin], async node => {
    const said = await serve(['proxy', '--to', node, '-o', inFolder('pin.tape')], async proxy => {
      const seen = fs.readFileSync(await join(proxy, 'pin.ndjson', ['--pin', pin, '--max-ms', '3000']), 'utf8');
      const tokens = [...seen.matchAll(/"token":"([^"]+)"/g)].map(([, token]) => token);
      assert.match(seen, /"onConnected"/);
      assert.ok(tokens.length > 0);
      for (const secret of [pin, ...tokens]) assert.ok(!all().includes(secret), secret);
    });
    assert.ok(!(said + all()).includes(pin));
  });
  assert.match(sql(inFolder('pin.tape'), "SELECT request_headers FROM exchanges WHERE target LIKE '%request_token'"), /pin: PIN-1/);
});

close();
