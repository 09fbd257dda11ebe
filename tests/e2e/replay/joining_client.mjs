// Unmodified clients in the middle of a tape: who joins at --from T knows what one knows that watched from the
// beginning, at T and at the end; and a client lives through the losses that a recording has.
// Runs in the folder of the real clients. TAPEDECK names the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { checklist, output, serve, sql, tapedeck, temporaryFolder } from '../support/command.mjs';

const { inFolder } = temporaryFolder('joining');
const { check, close } = checklist();

async function signalsOf(client, url, ...options) {
  const joined = spawn(process.execPath, [`dist/client-${client}.mjs`, '--base', url, '--conference', 'meet.alice', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  let lines = '';
  for await (const text of joined.stdout.setEncoding('utf8')) lines += text;
  return lines.trimEnd().split('\n').map(line => JSON.parse(line));
}

// What a client knows: of each room the last roster, status and presentation it was told, and what is there once.
function known(signals) {
  const rooms = {}, once = {};
  for (const { signal, payload } of signals) {
    if (signal === 'onParticipants') (rooms[payload.id] ??= {}).participants = payload.participants;
    if (signal === 'onConferenceStatus') (rooms[payload.id] ??= {}).status = payload.status;
    if (signal === 'onBreakoutBegin') (rooms[payload.breakout_uuid] ??= {}).self = payload.participant_uuid;
    if (signal === 'onBreakoutEnd') delete rooms[payload.breakout_uuid];
    if (['onStage', 'onLayoutUpdate', 'onSplashScreen'].includes(signal)) once[signal] = payload;
    if (signal === 'onPresentationConnectionChange' && payload.recv) once.receives = payload.recv;
  }
  if (['new', 'disconnected'].includes(once.receives)) delete once.receives;
  return { rooms, once };
}

const meeting = inFolder('meeting.tape');
output(tapedeck, ['simulate', '--seed', '7', '--participants', '8', '--breakouts', '1', '--for', '40s', '-o', meeting]);
const last = Number(sql(meeting, 'SELECT max(recv_ns) FROM frames'));

const watch = async (client, ...options) => {
  let signals;
  await serve(['replay', meeting, '--speed', 'max', ...options], async url => { signals = await signalsOf(client, url, '--idle-ms', '400'); });
  return known(signals);
};

for (const client of ['20', '19', '17']) {
  const toTheEnd = await watch(client);
  assert.ok(toTheEnd.rooms.main.participants.length > 3);
  for (const part of client === '20' ? [0.03, 0.2, 0.41, 0.6, 0.83, 0.99] : [0.5]) {
    const at = `${Math.floor(last * part / 1e6)}ms`;
    await check(`client ${client} joins at ${at}`, async () => {
      assert.deepEqual(await watch(client, '--from', at, '--paused'), await watch(client, '--until', at));
      assert.deepEqual(await watch(client, '--from', at), toTheEnd);
    });
  }
}

// --- A recording of three connections, lost for 300 ms each; the second and third begin with a sync.

const lossy = inFolder('lossy.tape');
const sync = names => ['event: participant_sync_begin\ndata: null\n\n',
  ...names.map(name => `event: participant_create\ndata: ${JSON.stringify({ uuid: name, display_name: name })}\n\n`),
  'event: participant_sync_end\ndata: null\n\n'].join('');
const bodies = [sync(['ann', 'bob']) + 'event: participant_create\ndata: {"uu', sync(['ann', 'eve']), sync(['eve', 'kim'])];
for (const [i, body] of bodies.entries()) {
  fs.writeFileSync(inFolder('part.sse'), body);
  output(tapedeck, ['record', inFolder('part.sse'), '-o', lossy, '--append']);
}
// Times as if each connection had broken after 300 ms and the next had come 300 ms later.
output('sqlite3', [lossy, `
  UPDATE frames SET recv_ns = (connection_id - 1) * 600000000 + 100000000;
  UPDATE reads SET recv_ns = (connection_id - 1) * 600000000 + 100000000;
  UPDATE connections SET opened_ns = (id - 1) * 600000000, closed_ns = (id - 1) * 600000000 + 300000000, ended = 'broken';`]);

for (const client of ['20', '19', '17']) {
  for (const timeline of ['private', 'shared']) {
    await check(`client ${client} lives through what was lost, ${timeline}`, async () => {
      await serve(['replay', lossy, '--reconnects', 'faithful', '--timeline', timeline], async url => {
        const signals = await signalsOf(client, url, '--idle-ms', '1200');
        const rosters = signals.filter(({ signal }) => signal === 'onParticipants')
          .map(({ payload }) => payload.participants.map(({ uuid }) => uuid).join());
        for (const roster of ['ann,bob', 'eve,kim']) assert.ok(rosters.includes(roster), rosters.join(' '));
        assert.equal(rosters.at(-1), 'eve,kim');
        assert.ok(!signals.some(({ signal }) => signal === 'onDisconnected' || signal === 'onError'), JSON.stringify(signals.at(-1)));
      });
    });
  }
}

close();
