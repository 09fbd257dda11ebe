// `tapedeck simulate --listen` as a child process that a test joins.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createInterface } from 'node:readline';

// Serves until `action(url, pid)` is done, or with `stop: null` until it ends by itself; gives what it said.
export async function serve(tapedeck, args, action, { stop = 'SIGTERM' } = {}) {
  const server = spawn(tapedeck, ['simulate', '--listen', '127.0.0.1:0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  server.stderr.setEncoding('utf8').on('data', text => { stderr += text; });
  const closed = once(server, 'close');
  const [line] = await Promise.race([once(createInterface({ input: server.stdout }), 'line'), closed.then(() => [stderr])]);
  assert.match(String(line), /^listening on https?:\/\/127\.0\.0\.1:\d+$/);
  try {
    await action(line.slice('listening on '.length), server.pid);
    if (stop) server.kill(stop);
    assert.deepEqual(await closed, [0, null], stderr);
  } finally {
    server.kill('SIGKILL');
  }
  return stderr;
}

export const readJournal = file => fs.readFileSync(file, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line));

// What each stream was sent, in the order of opening.
export const streamsOf = journal => journal.filter(entry => entry.what === 'open').map(({ stream, ...opened }) => {
  const entries = journal.filter(entry => entry.stream === stream);
  const frames = entries.filter(entry => entry.what === 'frame');
  return { ...opened, frames, body: frames.map(frame => frame.raw).join(''), closed: entries.find(entry => entry.what === 'close')?.by };
});
