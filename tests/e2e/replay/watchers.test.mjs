// Many clients of one shared timeline: each gets every byte, and one that does not read is dropped and named in the log
// while the others go on as if it were not there. Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { patience, serve, tapedeck, temporaryFolder, waitFor } from '../support/command.mjs';

const { inFolder } = temporaryFolder('watchers');
const run = (...args) => spawnSync(tapedeck, args, { maxBuffer: 2 ** 28, timeout: patience });

// So that all have come when the first frame is due.
const delay = (tape, seconds) => assert.equal(spawnSync('sqlite3', [tape, `UPDATE frames SET recv_ns = recv_ns + ${seconds}e9; DELETE FROM reads`]).status, 0);

// 40 MB in four seconds: more than a client may be behind, with all that the sockets hold.
const block = `data: ${'x'.repeat(39_990)}\n\n`;
fs.writeFileSync(inFolder('body.sse'), block.repeat(1000));
const tape = inFolder('wide.tape');
assert.equal(run('record', inFolder('body.sse'), '-o', tape).status, 0);
assert.equal(spawnSync('sqlite3', [tape, 'UPDATE frames SET recv_ns = seq * 4000000']).status, 0);
delay(tape, 3);

// A client that reads all that comes, and gives the digest of the body.
const watch = url => new Promise((resolve, reject) => {
  const digest = createHash('md5');
  let bytes = 0;
  fetch(`${url}/events`).then(async response => {
    for await (const part of response.body) {
      digest.update(part);
      bytes += part.length;
    }
    resolve({ bytes, digest: digest.digest('hex') });
  }).catch(reject);
});

// A client that asks, and then never reads.
async function stare(url) {
  const socket = net.connect({ port: new URL(url).port, host: '127.0.0.1', onread: { buffer: Buffer.alloc(512), callback: () => false } });
  socket.on('error', () => {});
  socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
  return socket;
}

test('one that does not read is dropped and named, and the others get all of it in time', async () => {
  const watchers = 4;
  const said = await serve(['replay', tape, '--timeline', 'shared', '--once'], async (url, server) => {
    const slow = await stare(url);
    const began = Date.now();
    const all = await Promise.all(Array.from({ length: watchers }, () => watch(url)));
    const took = Date.now() - began;
    slow.destroy();
    assert.ok(took > 6500 && took < 25_000, `${took} ms for 7 s`);
    assert.ok(all.every(({ bytes }) => bytes === 1000 * block.length), JSON.stringify(all));
    assert.equal(new Set(all.map(({ digest }) => digest)).size, 1);
    await waitFor('the log names it', () => /dropped a client that does not keep up: 16\.0 MiB behind the others/.test(server.said));
  }, { stop: null });
  assert.match(said, new RegExp(`served ${watchers + 1} streams, 0 joins, 1 client dropped`));
});

test('five hundred clients hear the same, and no one is dropped', async () => {
  const meeting = inFolder('meeting.tape');
  assert.equal(run('simulate', '--seed', '3', '--for', '60s', '-o', meeting).status, 0);
  const body = run('cat', meeting).stdout;
  delay(meeting, 100);
  const said = await serve(['replay', meeting, '--timeline', 'shared', '--once', '--speed', '20'], async url => {
    const all = Array.from({ length: 500 }, () => watch(url));
    const digests = new Set((await Promise.all(all)).map(({ digest }) => digest));
    assert.deepEqual([...digests], [createHash('md5').update(body).digest('hex')]);
  }, { stop: null });
  assert.match(said, /served 500 streams, 0 joins, 0 clients dropped/);
});
