// The signals kept in fixtures/scenarios are those that the real clients emit.
// Usage: node scenarios.mjs FOLDER. Closes with 'N passed, M failed'.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, describe } from './compare.mjs';
import { end, observe, withEnd } from './src/observe.mjs';

const print = text => process.stdout.write(text + '\n');  // observe.mjs has silenced the console for the client
const scenarios = process.argv[2];
let passed = 0, failed = 0;
for (const name of readdirSync(scenarios).sort()) {
  for (const client of [17, 19, 20]) {
    const real = await observe(client, withEnd(readFileSync(join(scenarios, name, 'input.sse'))), { paced: true });
    const withoutEnd = real.split('\n').filter(line => !line.includes(end)).join('\n');
    const { differences } = compare(withoutEnd, readFileSync(join(scenarios, name, `signals-${client}.jsonl`), 'utf8'));
    if (!differences.length) { passed++; continue; }
    failed++;
    print(`${name}, client-${client}\n${differences.map(difference => describe(difference)).join('\n')}\n`);
  }
}
print(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
