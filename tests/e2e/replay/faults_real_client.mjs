// The unmodified @pexip/infinity clients through faults of `tapedeck replay`: a connection that breaks off, a stream
// in pieces, requests that are refused. They come through, and have the roster of the tape.
// Runs in the folder of the real clients. TAPEDECK names the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { checklist, output, serve, sql, tapedeck, temporaryFolder } from '../support/command.mjs';

const { inFolder, fresh } = temporaryFolder('faults');
const { check, close } = checklist();
const tape = inFolder('meeting.tape');
output(tapedeck, ['simulate', '--seed', '5', '--participants', '12', '--for', '40s', '-o', tape]);
const roster = JSON.parse(output(tapedeck, ['state', tape, '--at', '39s'])).rooms[0].participants.map(participant => participant.uuid).sort();

// What a client knows at its end: its roster, whole with onParticipants and then one by one; and what went wrong.
async function join(client, url) {
  const seen = fresh('.ndjson');
  const joined = spawn(process.execPath, [`dist/client-${client}.mjs`, '--base', url, '--conference', 'meet.alice', '--max-ms', '12000',
    '--idle-ms', '3000'], { stdio: ['ignore', fs.openSync(seen, 'w'), 'inherit'] });
  await once(joined, 'close');
  let present = new Set();
  const wrong = [];
  for (const { signal, payload } of fs.readFileSync(seen, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line))) {
    if (['onDisconnected', 'onError', 'onFailedRequest'].includes(signal)) wrong.push({ signal, payload });
    if (payload?.id !== 'main') continue;
    if (signal === 'onParticipants') present = new Set(payload.participants.map(participant => participant.uuid));
    if (signal === 'onParticipantJoined') present.add(payload.participant.uuid);
    if (signal === 'onParticipantLeft') present.delete(payload.participant.uuid);
  }
  return { roster: [...present].sort(), wrong };
}

for (const client of ['20', '19', '17']) {
  for (const [faults, streams] of [
    [['drop:t=20s,stream=1'], 2],
    [['drop:frame=40..80,torn=1,stream=1', 'drop:frame=100,stream=2'], 3],
    ...(client === '20' ? [[['split:size=1..7'], 1], [['status:code=503,call=events,n=1'], 1]] : []),
  ]) {
    await check(`client ${client} comes through ${faults.join(' and ')}`, async () => {
      const log = fresh();
      await serve(['replay', tape, '--speed', '40', '--until', '39s', ...faults.flatMap(fault => ['--fault', fault]), '--seed', '1', '-o', log], async url => {
        assert.deepEqual(await join(client, url), { roster, wrong: [] });
      });
      assert.equal(Number(sql(log, 'SELECT count(*) FROM connections')), streams);
    });
  }
}

close();
