// What the tests of the command have in common. TAPEDECK names the built command.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

export const tapedeck = process.env.TAPEDECK;
// So many times as long as another build may this one take, for want of a better machine or for a sanitizer.
export const slowdown = Number(process.env.TAPEDECK_SLOWDOWN ?? 1);
// So long, in milliseconds, is a command waited for that should be quick.
export const patience = 60_000 * slowdown;
// For a test that cannot be under a sanitizer: why it is skipped there, else false.
export const memoryIsNotItsOwn = process.env.TAPEDECK_SANITIZER ? 'the sanitizer has memory of its own' : false;
assert.ok(tapedeck, 'TAPEDECK names the built command');

// A folder that goes away with the process; `fresh` names a file that is not in it yet.
export function temporaryFolder(name) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `tapedeck-${name}-`));
  process.on('exit', () => fs.rmSync(folder, { recursive: true }));
  const inFolder = file => path.join(folder, file);
  let files = 0;
  return { folder, inFolder, fresh: (suffix = '.tape') => inFolder(`${++files}${suffix}`) };
}

// Runs a program that must succeed; gives its stdout.
export function output(program, args, options = {}) {
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 30, ...options });
  assert.equal(done.status, 0, `${args.join(' ')}\n${done.stdout?.slice(-2000)}${done.stderr}`);
  return done.stdout;
}

export const sql = (tape, query) => output('sqlite3', ['-readonly', tape, query]).trim();

// key.pem and cert.pem in `folder`, for a node at 127.0.0.1 and of the name `node.test`.
export function makeCertificate(folder) {
  output('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=node.test',
    '-addext', 'subjectAltName=DNS:node.test,IP:127.0.0.1', '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd: folder });
}

export async function waitFor(what, condition) {
  for (const end = Date.now() + patience / 3; Date.now() < end;) {
    if (condition()) return;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  assert.fail(`never: ${what}`);
}

// A child whose `said` is what it has written to stderr so far.
function listenTo(child) {
  child.said = '';
  child.stderr.setEncoding('utf8').on('data', text => { child.said += text; });
  return child;
}

// `record -` with these options; what it is fed goes to its stdin.
export function recorder(...options) {
  const child = listenTo(spawn(tapedeck, ['record', '-', ...options]));
  child.stdin.on('error', () => {});
  return child;
}

// A command that listens, until `action(url, server)` is done, or with `stop: null` until it ends by itself; gives what
// it said. It must end with `status`.
export async function serve(args, action, { stop = 'SIGTERM', status = 0 } = {}) {
  const server = listenTo(spawn(tapedeck, [...args, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] }));
  const closed = once(server, 'close');
  const [line] = await Promise.race([once(createInterface({ input: server.stdout }), 'line'), closed.then(() => [server.said])]);
  assert.match(String(line), /^listening on https?:\/\/127\.0\.0\.1:\d+$/);
  try {
    await action(line.slice('listening on '.length), server);
    if (stop) server.kill(stop);
    assert.deepEqual(await closed, [status, null], server.said);
  } finally {
    server.kill('SIGKILL');
  }
  return server.said;
}

// A script of checks that all run, whatever becomes of one: `N passed, M failed` at its end, and exit 1.
export function checklist() {
  let passed = 0, failed = 0;
  return {
    async check(name, action) {
      try {
        await action();
        passed++;
      } catch (error) {
        failed++;
        console.log(`${name}: ${error.stack ?? error}`);
      }
    },
    close() {
      console.log(`${passed} passed, ${failed} failed`);
      process.exit(failed || !passed ? 1 : 0);
    },
  };
}
