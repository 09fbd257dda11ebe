// The real client in Node, with the EventSource of its own and every signal listened to, from the bytes
// of the streams of bench_state to its state.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { corpus, measure, quick, work } from '../support/peer.mjs';

const folder = path.resolve(path.dirname(work), 'real-client');
const setup = spawnSync('tests/e2e/real-client/setup.sh', [folder], { encoding: 'utf8' });
if (setup.status !== 0) throw new Error(setup.stdout.trim().split('\n').at(-1));
const load = file => import(pathToFileURL(path.join(folder, file)).href);
const { installBrowser } = await load('src/browser.mjs');
const { defaults, serveNode } = await load('src/node.mjs');

const join = { bodies: [], ...defaults };
const server = await serveNode(join);
const base = `http://127.0.0.1:${server.address().port}`;
installBrowser(base);
for (const level of ['log', 'debug', 'info', 'warn', 'error']) console[level] = () => {};
const end = 'end of the stream';
let instances = 0;

/** How much a client that joins told of the stream. */
async function follow(body) {
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
  return emitted;
}

for (const [name, part] of [['updates', ''], ['meeting', '.meeting']]) {
  const body = Buffer.concat([corpus('bench_state', quick ? 4 : 32, part), Buffer.from(`event: fecc\ndata: "${end}"\n\n`)]);
  const events = body.toString('latin1').split('\n').filter(line => line.startsWith('event:')).length;
  await measure(`real_client/${name}`, body.length, async () => {
    const emitted = await follow(body);
    if (emitted < events / 2) throw new Error(`the client told ${emitted} things of ${events} events`);
    return events;
  });
}
process.exit(0);
