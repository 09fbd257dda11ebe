// The real client in Node, with the EventSource of its own and every signal listened to, from the bytes
// of a simulated meeting to its state: the one that bench_verify reduces, as long as it is in time.
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bin, measure, quick, work } from '../support/peer.mjs';

const folder = path.resolve(path.dirname(work), 'real-client');
const setup = spawnSync('tests/e2e/real-client/setup.sh', [folder], { encoding: 'utf8' });
if (setup.status !== 0) throw new Error(setup.stdout.trim().split('\n').at(-1));
const load = file => import(pathToFileURL(path.join(folder, file)).href);
const { installBrowser } = await load('src/browser.mjs');
const { defaults, serveNode } = await load('src/node.mjs');

const meeting = execFileSync(path.resolve(bin, '../tapedeck'), ['simulate', '--participants', '500', '--breakouts', '0', '--seed', '6',
  '--for', quick ? '60' : '600', '--stdout'], { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });
const end = 'end of the stream';
const body = Buffer.concat([meeting, Buffer.from(`event: fecc\ndata: "${end}"\n\n`)]);
const events = body.toString('latin1').split('\n').filter(line => line.startsWith('event:')).length;

const join = { bodies: [], ...defaults };
const server = await serveNode(join);
const base = `http://127.0.0.1:${server.address().port}`;
installBrowser(base);
for (const level of ['log', 'debug', 'info', 'warn', 'error']) console[level] = () => {};
let instances = 0;

await measure('real_client', body.length, async () => {
  join.bodies = [body];
  const client = await import(`${pathToFileURL(path.join(folder, 'dist/library-20.mjs')).href}?instance=${++instances}`);
  const signals = client.createInfinityClientSignals([], { batchScheduleTimeoutMS: 0, batchBufferSize: 1_000_000 });
  const over = new Promise(resolve => {
    signals.onDisconnected.add(resolve);
    signals.onFecc.add(payload => payload === end && resolve());
  });
  let emitted = 0;
  for (const signal of Object.values(signals)) signal.add(() => { ++emitted; });
  const infinity = client.createInfinityClient(signals, client.createCallSignals([]));
  await infinity.call({ host: base, node: new URL(base).host, conferenceAlias: defaults.conference, displayName: 'bench', bandwidth: 1264,
    callType: client.ClientCallType.None });
  await over;
  if (emitted === 0) throw new Error('the client told nothing');
  return events;
});
process.exit(0);
