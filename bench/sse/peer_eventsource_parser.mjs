// eventsource-parser, which the EventSource of the real client is made of in Node, over the corpus
// of bench_sse.
import { corpus, load, measure, quick } from '../support/peer.mjs';

const { createParser } = await load('eventsource-parser');
const bytes = corpus('bench_sse', quick ? 4 : 32);
const feed = 64 * 1024;

await measure('events_1k1/eventsource_parser', bytes.length, () => {
  let events = 0;
  let size = 0;
  const parser = createParser({ onEvent: event => { ++events; size += event.data.length; } });
  const decoder = new TextDecoder();
  for (let i = 0; i < bytes.length; i += feed) {
    parser.feed(decoder.decode(bytes.subarray(i, i + feed), { stream: true }));
  }
  if (size === 0) throw new Error('no data came');
  return events;
});
