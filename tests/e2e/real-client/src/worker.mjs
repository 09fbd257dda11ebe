// Judges some streams for the parent process: {client, seeds, tools} comes, {seed, difference?} goes for each.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, describe } from '../compare.mjs';
import { connectionsOf, observe, withEnd } from './observe.mjs';
import { shrink } from './shrink.mjs';

const most = { maxBuffer: 1 << 30 };
const folder = mkdtempSync(join(tmpdir(), 'tapedeck-real-client-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// Ours, by the library alone or through a tape and the built command.
function ours(client, body, { derive, tapedeck }, throughTape) {
  if (!throughTape) return execFileSync(derive, [`client-${client}`], { ...most, input: body }).toString();
  const sse = join(folder, 'body.sse'), tape = join(folder, 'body.tape');
  connectionsOf(body).forEach((part, i) => {
    writeFileSync(sse, part);
    execFileSync(tapedeck, ['record', sse, '-o', tape, i ? '--append' : '--overwrite'], { stdio: ['ignore', 'ignore', 'pipe'] });
  });
  return execFileSync(tapedeck, ['events', tape, '--as', `client-${client}`], most).toString();
}

async function judge(client, body, tools, throughTape) {
  const whole = withEnd(body);
  return compare(await observe(client, whole), ours(client, whole, tools, throughTape)).differences;
}

async function explain(client, seed, body, tools, throughTape) {
  const shortest = await shrink(body, async fewer => (await judge(client, fewer, tools, throughTape)).length > 0);
  const differences = await judge(client, shortest, tools, throughTape);
  return `seed ${seed}, client-${client}: the shortest stream that shows it\n${shortest.toString()}\n` +
    differences.map(difference => describe(difference, 4000)).join('\n');
}

// Finding the shortest stream takes a hundred instances of the client: once for each process is enough.
let explained = false;

process.on('message', async ({ client, seeds, tools }) => {
  for (const seed of seeds) {
    const throughTape = Boolean(tools.tapedeck) && seed % 10 === 0;
    try {
      const body = execFileSync(tools.generate, [String(seed)], most);
      const differences = await judge(client, body, tools, throughTape);
      let difference;
      if (differences.length) {
        difference = explained ? `seed ${seed}, client-${client}: ${differences.map(d => d.signal).join(', ')}`
          : await explain(client, seed, body, tools, throughTape);
        explained = true;
      }
      process.send({ seed, difference });
    } catch (error) {
      process.send({ seed, difference: `seed ${seed}, client-${client}: ${error.stack}` });
    }
  }
  process.exit(0);
});
