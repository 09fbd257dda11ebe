// Where a client of `tapedeck replay` is on the tape: joining in the middle, coming back, what was lost, pauses.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import test from 'node:test';
import { output, serve, slowdown, tapedeck, temporaryFolder, waitFor } from '../support/command.mjs';

const { inFolder } = temporaryFolder('timelines');

// Ten blocks with ids, 100 ms apart.
const numbered = inFolder('numbered.tape');
const block = n => `id: n${n}\ndata: ${n}\n\n`;
const blocks = Array.from({ length: 10 }, (_, i) => block(i + 1));
fs.writeFileSync(inFolder('numbered.sse'), blocks.join(''));
output(tapedeck, ['record', inFolder('numbered.sse'), '-o', numbered]);
output('sqlite3', [numbered, 'UPDATE frames SET recv_ns = seq * 100000000; UPDATE connections SET closed_ns = 1000000000;']);

// A stream whose `text` is what has come so far.
function hear(url, headers = {}) {
  const stream = { text: '', ended: false };
  stream.request = http.get(url, { agent: false, headers }, response => {
    stream.status = response.statusCode;
    response.setEncoding('utf8').on('data', text => { stream.text += text; });
    response.on('close', () => { stream.ended = true; stream.complete = response.complete; });
  }).on('error', () => { stream.ended = true; });
  return stream;
}
const until = (stream, text) => waitFor(`${text} in ${JSON.stringify(stream.text)}`, () => stream.text.includes(text));

async function join(url) {
  const response = await fetch(`${url}/api/client/v2/conferences/meet.alice/request_token`, { method: 'POST', body: '{"display_name":"Me"}' });
  const { result } = await response.json();
  return `${url}/api/client/v2/conferences/meet.alice/events?token=${result.token}`;
}

test('a reconnect with the same token goes on where it was, another join begins with the tape', async () => {
  await serve(['replay', numbered], async url => {
    const events = await join(url);
    const first = hear(events);
    await until(first, block(3));
    first.request.destroy();
    const second = hear(events);
    await until(second, block(10));
    const had = first.text.split('id:').length - 1;
    assert.equal(second.text, blocks.slice(had).join(''));
    const another = hear(await join(url));
    await until(another, block(10));
    assert.equal(another.text, blocks.join(''));
  });
});

test('a reconnect with Last-Event-ID goes on behind that event, with or without a token', async () => {
  await serve(['replay', numbered, '--speed', 'max'], async url => {
    for (const events of [`${url}/events`, await join(url)]) {
      const stream = hear(events, { 'Last-Event-ID': 'n7' });
      await until(stream, block(10));
      assert.equal(stream.text, blocks.slice(7).join(''));
    }
  });
});

// --- A recording that followed a transfer: another connection, in another conference, as another participant.

const transferred = inFolder('transferred.tape');
const [me1, me2, me3] = ['1', '2', '3'].map(n => `00000000-0000-4000-8000-00000000000${n}`);
const participant = (event, name) => `event: participant_${event}\ndata: {"uuid":"${name}","display_name":"${name}"}\n\n`;
const roster = (...names) => ['event: participant_sync_begin\ndata: null\n\n', ...names.map(name => participant('create', name)),
  'event: participant_sync_end\ndata: null\n\n'].join('');
const refer = (alias, token) => `event: refer\ndata: {"alias":"${alias}","token":"${token}"}\n\n`;
const parts = [roster(me1, 'ann') + refer('second', 'pass+1/='), roster(me2, 'bob') + refer('third', 'not-followed') + participant('create', 'eve')];
for (const part of parts) {
  fs.writeFileSync(inFolder('part.sse'), part);
  output(tapedeck, ['record', inFolder('part.sse'), '-o', transferred, '--append', '--self', me1]);
}
output('sqlite3', [transferred, `
  UPDATE frames SET recv_ns = connection_id * 100000000;
  UPDATE connections SET opened_ns = id * 100000000 - 1000000, closed_ns = id * 100000000 + 1000000, ended = 'stopped';
  ${[me1, me2].map((me, i) => `INSERT INTO exchanges VALUES (${i + 1}, ${i * 100 + 90}000000, ${i * 100 + 95}000000, 'POST',
    '/api/client/v2/conferences/x/request_token', '', x'', 200, '',
    CAST('{"status":"success","result":{"participant_uuid":"${me}","role":"${i ? 'GUEST' : 'HOST'}"}}' AS BLOB));`).join('')}`]);

async function enter(url, alias, body = {}) {
  const api = `${url}/api/client/v2/conferences/${alias}/`;
  const response = await fetch(`${api}request_token`, { method: 'POST', body: JSON.stringify({ display_name: 'Me', ...body }) });
  const { result } = await response.json();
  return { ...result, status: response.status, events: `${api}events?token=${result.token}` };
}
const told = stream => [...stream.text.matchAll(/"uuid":"([^"]+)"/g)].map(([, uuid]) => uuid).join();

test('who follows a transfer of the tape goes on behind it, as the recorded client did', async () => {
  for (const options of [[], ['--reconnects', 'faithful']]) {
    await serve(['replay', transferred, ...options], async url => {
      const first = await enter(url, 'first');
      assert.equal(first.participant_uuid, me1);
      const stream = hear(first.events);
      await until(stream, refer('second', 'pass+1/='));
      await fetch(first.events.replace('events?', 'release_token?'), { method: 'POST' });

      const second = await enter(url, 'second', { token: 'pass+1/=' });
      assert.equal(second.participant_uuid, me2);
      assert.equal(second.role, 'GUEST');
      const after = hear(second.events);
      await until(after, participant('create', 'eve'));
      assert.equal(after.text, parts[1], 'nothing of the conference that was left');

      // The recorded client stayed here: there is no other conference on the tape.
      const third = hear((await enter(url, 'third', { token: 'not-followed' })).events);
      await until(third, participant('create', 'eve'));
      assert.equal(told(third), `${me2},bob,eve`);

      const stranger = hear((await enter(url, 'second', { token: 'of nobody' })).events);
      await until(stranger, refer('second', 'pass+1/='));
      assert.ok(told(stranger).startsWith(`${me1},ann`));
    });
  }
  // Who comes in the middle comes as the recorded client was then.
  await serve(['replay', transferred, '--from', '150ms'], async url => { assert.equal((await enter(url, 'x')).participant_uuid, me2); });
  await serve(['replay', transferred, '--from', '150ms', '--self', me3], async url => { assert.equal((await enter(url, 'x')).participant_uuid, me3); });
  await serve(['replay', transferred, '--timeline', 'shared', '--speed', 'max'], async url => {
    const stream = hear((await enter(url, 'x')).events);
    await until(stream, participant('create', 'eve'));
    assert.equal((await enter(url, 'second', { token: 'pass+1/=' })).participant_uuid, me2);
  });
});

test('who follows a transfer is not asked for a PIN', async () => {
  await serve(['replay', transferred, '--pin', '1'], async url => {
    const api = `${url}/api/client/v2/conferences/first/request_token`;
    const { result } = await (await fetch(api, { method: 'POST', headers: { pin: '1' }, body: '{"display_name":"Me"}' })).json();
    const stream = hear(api.replace('request_token', `events?token=${result.token}`));
    await until(stream, refer('second', 'pass+1/='));
    assert.equal((await enter(url, 'second', { token: 'pass+1/=' })).role, 'GUEST');
    assert.equal((await enter(url, 'second', { token: 'of nobody' })).status, 403);
    assert.equal((await enter(url, 'third', { token: 'not-followed-yet' })).status, 403);
  });
});

test('time on a shared timeline begins with the first client, or at once', async () => {
  await serve(['replay', numbered, '--timeline', 'shared', '--speed', '10'], async url => {
    await new Promise(resolve => { setTimeout(resolve, 200); });
    const stream = hear(`${url}/events`);
    await until(stream, block(10));
    assert.equal(stream.text, blocks.join(''));
  });
  await serve(['replay', numbered, '--timeline', 'shared', '--speed', '10', '--start', 'at-once'], async url => {
    await new Promise(resolve => { setTimeout(resolve, 200); });
    const stream = hear(`${url}/events`);
    await waitFor('a stream', () => stream.status === 200);
    assert.equal(stream.text, '', 'all is over, and no event tells how things stand');
  });
});

test('--paused gives nothing until SIGUSR1, which stops time again too', async () => {
  await serve(['replay', numbered, '--paused', '--from', '500ms'], async (url, server) => {
    const stream = hear(`${url}/events`);
    await waitFor('a stream', () => stream.status === 200);
    await new Promise(resolve => { setTimeout(resolve, 300); });
    assert.equal(stream.text, '');
    server.kill('SIGUSR1');
    await until(stream, block(6));
    server.kill('SIGUSR1');
    await new Promise(resolve => { setTimeout(resolve, 300); });
    const so_far = stream.text;
    await new Promise(resolve => { setTimeout(resolve, 300); });
    assert.equal(stream.text, so_far);
    assert.ok(!so_far.includes(block(10)));
    server.kill('SIGUSR1');
    await until(stream, block(10));
    assert.equal(stream.text, blocks.slice(4).join(''));
  });
});

test('--paused holds --stdout too', async () => {
  const child = spawn(tapedeck, ['replay', numbered, '--stdout', '--paused', '--speed', 'max']);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', more => { text += more; });
  await new Promise(resolve => { setTimeout(resolve, 300); });
  assert.equal(text, '');
  child.kill('SIGUSR1');
  await waitFor('all of it', () => text === blocks.join(''));
});

// Two connections: one that broke with a torn end at 200 ms, and one that came 400 ms later.
const lossy = inFolder('lossy.tape');
const bodies = ['data: 1\n\ndata: to', '\ufeffdata: 2\n\n'];
for (const [i, body] of bodies.entries()) {
  fs.writeFileSync(inFolder(`part${i}.sse`), body);
  output(tapedeck, ['record', inFolder(`part${i}.sse`), '-o', lossy, '--append']);
}
output('sqlite3', [lossy, `
  UPDATE frames SET recv_ns = (connection_id - 1) * 600000000 + 100000000;
  UPDATE connections SET opened_ns = (id - 1) * 600000000, closed_ns = (id - 1) * 600000000 + 200000000, ended = 'broken';`]);

for (const timeline of ['private', 'shared']) {
  test(`--reconnects faithful loses the connection where it was lost, and so long (${timeline})`, async () => {
    await serve(['replay', lossy, '--reconnects', 'faithful', '--timeline', timeline], async url => {
      const events = await join(url);
      const first = hear(events);
      await waitFor('the loss', () => first.ended);
      const lost = process.hrtime.bigint();
      assert.equal(first.text, 'data: 1\n\ndata: to');
      assert.equal(first.complete, false);
      let refused = 0;
      let again = hear(events);
      await waitFor('the stream after the loss', () => {
        if (!again.ended) return again.text.endsWith('data: 2\n\n');
        refused++;
        again = hear(events);
        return false;
      });
      assert.ok(refused > 0);
      assert.ok(Number(process.hrtime.bigint() - lost) / 1e6 > 350);
    });
  });
}

test('--chunks writes the pieces that were read, each at its time', async () => {
  const tape = inFolder('chunks.tape');
  const child = spawn(tapedeck, ['record', '-', '-o', tape]);
  const pieces = ['data: one', '\n\ndata: tw', 'o\n\ndata: three\n\n'];
  const bytesRead = () => spawnSync('sqlite3', ['-readonly', tape, 'SELECT max(offset) FROM reads'], { encoding: 'utf8' }).stdout.trim();
  let bytes = 0;
  for (const piece of pieces) {
    child.stdin.write(piece);
    bytes += piece.length;
    await waitFor('the piece on the tape', () => fs.existsSync(tape) && bytesRead() === String(bytes));
    await new Promise(resolve => { setTimeout(resolve, 150 * slowdown); });
  }
  child.stdin.end();
  await once(child, 'close');
  const heard = [];
  const played = spawn(tapedeck, ['replay', tape, '--stdout', '--chunks']);
  for await (const chunk of played.stdout) heard.push(String(chunk));
  assert.deepEqual(heard, pieces);
  await serve(['replay', tape, '--chunks', '--reconnects', 'faithful', '--once'], async url => {
    const chunks = [];
    for await (const chunk of (await fetch(`${url}/events`)).body) chunks.push(Buffer.from(chunk).toString());
    assert.deepEqual(chunks, pieces);
  }, { stop: null });
});

test('what does not go together is refused with a sentence', () => {
  for (const [words, ...args] of [
    [/--start goes with --timeline shared/, '--start', 'at-once'],
    [/--start: 'now' is neither first-client nor at-once/, '--timeline', 'shared', '--start', 'now'],
    [/--reconnects: 'none' is neither seamless nor faithful/, '--reconnects', 'none'],
    [/--reconnects faithful plays a tape once/, '--reconnects', 'faithful', '--loop', '2'],
    [/--chunks goes with --reconnects faithful, --stdout or --null/, '--chunks'],
    [/--reconnects goes with --listen/, '--reconnects', 'faithful', '--null'],
  ]) {
    assert.throws(() => output(tapedeck, ['replay', numbered, ...args]), words);
  }
});

