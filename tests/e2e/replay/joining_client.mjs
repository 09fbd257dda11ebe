// Unmodified clients in the middle of a tape: who joins at --from T knows what one knows that watched from the
// beginning, at T and at the end; and a client lives through the losses that a recording has.
// Runs in the folder of the real clients. TAPEDECK names the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { checklist, output, serve, tapedeck, temporaryFolder } from '../support/command.mjs';

const { inFolder } = temporaryFolder('joining');
const { check, close } = checklist();

async function signalsOf(client, url, ...options) {
  const joined = spawn(process.execPath, [`dist/client-${client}.mjs`, '--base', url, '--conference', 'meet.alice', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  let lines = '';
  for await (const text of joined.stdout.setEncoding('utf8')) lines += text;
  return lines.trimEnd().split('\n').map(line => JSON.parse(line));
}

// What a client knows: of each room its roster and its status; and what there is once.
function known(signals) {
  const rosters = {}, statuses = {}, once = {};
  for (const { signal, payload } of signals) {
    if (signal === '!roster') rosters[payload.id] = payload.participants;
    if (signal === 'onConferenceStatus') statuses[payload.id] = payload.status;
    if (signal === 'onBreakoutEnd') delete statuses[payload.breakout_uuid];
    if (['onStage', 'onLayoutUpdate', 'onSplashScreen'].includes(signal)) once[signal] = payload;
  }
  return { rosters, statuses, once };
}

const meeting = inFolder('meeting.tape');
output(tapedeck, ['simulate', '--seed', '7', '--participants', '8', '--breakouts', '1', '--for', '40s', '-o', meeting]);
const end = ['--until', '39s'];  // the conference is over then, and a client that is sent away knows nothing more

const watch = async (client, ...options) => {
  let signals;
  await serve(['replay', meeting, '--speed', 'max', ...options], async url => { signals = await signalsOf(client, url, '--idle-ms', '400', '--rosters'); });
  return known(signals);
};

for (const client of ['20', '19', '17']) {
  const toTheEnd = await watch(client, ...end);
  assert.ok(toTheEnd.rosters.main.length > 3);
  for (const part of client === '20' ? [0.03, 0.2, 0.41, 0.6, 0.83, 0.99] : [0.5]) {
    const at = `${Math.floor(39_000 * part)}ms`;
    await check(`client ${client} joins at ${at}`, async () => {
      assert.deepEqual(await watch(client, '--from', at, '--paused'), await watch(client, '--until', at));
      assert.deepEqual(await watch(client, '--from', at, ...end), toTheEnd);
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
        const signals = await signalsOf(client, url, '--idle-ms', '5000');
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
