// Client 20.0.0 in real headless Chromium, with camera and microphone on, against `tapedeck replay --listen`: it lives
// through a tape and leaves, its signals are those of the stream, and nothing is an error to it.
// Runs in the folder of the real clients. TAPEDECK names the built command. Exit 77, skipped, without a Chromium.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checklist, output, patience, serve, slowdown, tapedeck, temporaryFolder } from '../support/command.mjs';
import { compare, describe } from '../real-client/compare.mjs';

const browser = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']
  .find(name => spawnSync(name, ['--version']).status === 0);
if (!browser) {
  console.log('skipped: there is no Chromium here');
  process.exit(77);
}

const scenarios = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../fixtures/scenarios');
const { inFolder, fresh } = temporaryFolder('chromium');
const { check, close } = checklist();

// A page at an origin of its own, so that each request to the replay is one to another origin.
function servePage() {
  const server = http.createServer((request, response) => {
    if (request.url.startsWith('/done')) {
      let body = '';
      request.on('data', part => { body += part; }).on('end', () => { response.end(); server.emit('done', JSON.parse(body)); });
    } else if (request.url === '/page.js') {
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(fs.readFileSync('dist/page-20.js'));
    } else {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><script type="module" src="/page.js"></script>');
    }
  });
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function visit(query) {
  const page = await servePage();
  const child = spawn(browser, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--user-data-dir=${fresh('.profile')}`,
    `http://localhost:${page.address().port}/?${new URLSearchParams({ quiet: 1500 * slowdown, ...query })}`], { stdio: 'ignore', detached: true });  // a group of its own: a browser is many processes
  const closed = once(child, 'close');
  try {
    const timer = setTimeout(() => page.emit('done', { errors: ['the page did not end in time'], signals: [] }), patience);
    const [seen] = await once(page, 'done');
    clearTimeout(timer);
    return seen;
  } finally {
    process.kill(-child.pid, 'SIGKILL');
    await closed;
    page.closeAllConnections();
    page.close();
  }
}

const asLines = signals => signals.map(signal => JSON.stringify(signal)).join('\n');

for (const scenario of ['breakout-round-trip', 'transfer', 'presenter-steals-the-floor', 'waiting-room-and-admit']) {
  await check(scenario, async () => {
    const input = path.join(scenarios, scenario, 'input.sse');
    const tape = fresh();
    const { self: { uuid: self } } = JSON.parse(fs.readFileSync(path.join(scenarios, scenario, 'state.json')));
    output(tapedeck, ['record', input, '-o', tape, '--self', self]);
    const derived = output(process.execPath, ['derive.mjs', '20', input, '--self', self]);
    await serve(['replay', tape, '--speed', 'max'], async url => {
      const seen = await visit({ base: url, conference: 'meet.alice' });
      assert.deepEqual(seen.errors, []);
      assert.deepEqual(seen.joined, ['meet.alice']);
      const { passed, differences } = compare(derived, asLines(seen.signals));
      assert.deepEqual(differences.map(difference => describe(difference)), []);
      assert.ok(passed > 5, `${passed} signals`);
    });
  });
}

await check('a transfer is followed', () =>
  serve(['simulate', '--alias', 'first', '--alias', 'second', '--transfer-every', '2s', '--seed', '3'], async url => {
    const seen = await visit({ base: url, conference: 'first', follow: 1, stay: 8000 });
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(seen.joined, ['first', 'second']);
  }));

await check('transfers of a tape are followed to its end', async () => {
  const tape = fresh();
  await serve(['simulate', '--alias', 'first', '--alias', 'second', '--transfer-every', '2s', '--seed', '3', '--participants', '20', '--for', `${6 + slowdown}s`], async url => {
    output(tapedeck, ['record', '--join', 'first', url, '-o', tape], { timeout: patience });
  }, { stop: null });
  const led = [...output(tapedeck, ['cat', tape]).matchAll(/event: refer\ndata: \{"alias":"(\w+)"/g)].map(([, alias]) => alias);
  assert.ok(led.length > 1, `${led}`);
  await serve(['replay', tape], async url => {
    const seen = await visit({ base: url, conference: 'first', follow: 9 });
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(seen.joined, ['first', ...led]);
    assert.ok(seen.signals.some(({ signal }) => signal === 'onDisconnected'));
  });
});

close();
