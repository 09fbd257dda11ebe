// Many streams in one process: each is played to a fresh instance of the client.
import { fileURLToPath } from 'node:url';
import { installBrowser } from './browser.mjs';
import { defaults, serveNode } from './node.mjs';

const join = { bodies: [], ...defaults };
const server = await serveNode(join);
const base = `http://127.0.0.1:${server.address().port}`;
installBrowser(base);
for (const level of ['log', 'debug', 'info', 'warn', 'error']) console[level] = () => {};

// A rejection that nobody handles is a line in a browser's console and no more.
process.on('unhandledRejection', () => {});

const streams = [];
globalThis.EventSource = class extends globalThis.EventSource {
  constructor(url) { super(url); streams.push(this); }
};

// The last event of every stream: when its signal comes, all of the stream has been handled.
const end = 'end of the stream';
export const withEnd = body => Buffer.concat([Buffer.from(body), Buffer.from(`\n\nevent: fecc\ndata: "${end}"\n\n`)]);

// A stream goes on on another connection where the generator says so; see tests/support/stream_generator.hpp.
export const connectionsOf = body => body.toString('latin1').split(': reconnect\n\n').map(part => Buffer.from(part, 'latin1'));

let instances = 0;

// The lines that run.mjs prints, for a body that `withEnd` has closed.
export async function observe(major, body) {
  join.bodies = connectionsOf(body);
  const bundle = fileURLToPath(new URL(`../dist/library-${major}.mjs`, import.meta.url));
  const client = await import(`${bundle}?instance=${++instances}`);
  const signals = client.createInfinityClientSignals([], { batchScheduleTimeoutMS: 0, batchBufferSize: 1_000_000 });
  const callSignals = client.createCallSignals([]);
  const lines = [];
  let over;
  const isOver = new Promise(resolve => { over = resolve; });
  const emit = (signal, payload) => {
    lines.push(JSON.stringify({ signal, payload }, (key, value) => (key === 'rawData' ? undefined : value)) + '\n');
    if (signal === 'onDisconnected' || (signal === 'onFecc' && payload === end)) over();
  };
  for (const [name, signal] of Object.entries(signals)) {
    signal.add(payload => {
      if (Array.isArray(payload) && /^onParticipant(Joined|Updated|Left)$/.test(name)) payload.forEach(p => emit(name, p));
      else emit(name, payload);
    });
  }
  callSignals.onPresentationConnectionChange.add(state => emit('onPresentationConnectionChange', state));
  const infinity = client.createInfinityClient(signals, callSignals);
  const late = setTimeout(() => { emit('!late', 'the stream was not over after 10 s'); over(); }, 10_000);
  await infinity.call({
    host: base, node: new URL(base).host, conferenceAlias: defaults.conference, displayName: 'tape', bandwidth: 1264,
    callType: client.ClientCallType?.None ?? 0,
  });
  await isOver;
  clearTimeout(late);
  // What was put off: batches of signals, and what the client does in the turn after.
  await new Promise(resolve => setTimeout(resolve, 5));
  await new Promise(resolve => setTimeout(resolve, 5));
  for (const stream of streams.splice(0)) stream.close();
  return lines.join('');
}
