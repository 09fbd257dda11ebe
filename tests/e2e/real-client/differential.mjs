// Seeded streams through the real clients and through ours: every signal has to be the same, value for value.
// Usage: node differential.mjs --generate generate_stream --derive derive_signals [--tapedeck tapedeck]
//        [--first 0] [--count 300] [--clients 17,19,20] [--parallel 2]
// With --tapedeck every tenth stream goes the whole way: recorded onto a tape, then 'tapedeck events --as'.
// A difference prints the seed, the shortest stream that shows it and both sides. Closes with 'N passed, M failed'.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const option = (name, fallback) => { const i = process.argv.indexOf('--' + name); return i < 0 ? fallback : process.argv[i + 1]; };
const tools = { generate: option('generate'), derive: option('derive'), tapedeck: option('tapedeck') };
const first = Number(option('first', 0)), count = Number(option('count', 300));
const worker = fileURLToPath(new URL('./src/worker.mjs', import.meta.url));

// Each stream takes a fresh instance of the client, and the memory comes back only with the process.
const streamsPerProcess = 50;
const jobs = [];
for (let from = first; from < first + count; from += streamsPerProcess) {
  const seeds = Array.from({ length: Math.min(streamsPerProcess, first + count - from) }, (_, i) => from + i);
  for (const client of option('clients', '17,19,20').split(',')) jobs.push({ client, seeds, tools });
}

let passed = 0, failed = 0;
function run(job) {
  return new Promise(resolve => {
    let judged = 0;
    const child = fork(worker);
    child.on('message', ({ difference }) => {
      judged++;
      if (difference === undefined) passed++;
      else { failed++; console.log(difference + '\n'); }
    });
    child.on('exit', code => {
      const missing = job.seeds.length - judged;
      failed += missing;
      if (missing) console.log(`client-${job.client} from seed ${job.seeds[judged]}: the process ended with ${code}`);
      resolve();
    });
    child.send(job);
  });
}
await Promise.all(Array.from({ length: Number(option('parallel', 2)) }, async () => {
  while (jobs.length) await run(jobs.shift());
}));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
