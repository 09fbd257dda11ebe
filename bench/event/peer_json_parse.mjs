// JSON.parse in Node over the payloads of bench_sse, whose corpus has one line of data an event.
import { corpus, measure, quick } from '../support/peer.mjs';

const payloads = corpus('bench_sse', quick ? 4 : 16).toString().split('\n')
  .filter(line => line.startsWith('data: ')).map(line => line.slice(6));
const bytes = payloads.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

await measure('decode/json_parse_node', bytes, () =>
  payloads.reduce((fields, text) => fields + Object.keys(JSON.parse(text)).length, 0));
