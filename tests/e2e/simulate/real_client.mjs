// The unmodified @pexip/infinity clients join `tapedeck simulate --listen`: with a PIN, as a guest, through
// connections that break off; and are told what is asked of them where they are not let in.
// Runs in the folder of the real clients. TAPEDECK names the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { checklist, serve, temporaryFolder } from '../support/command.mjs';
import { readJournal } from './journal.mjs';

const journal = temporaryFolder('simulate').inFolder('journal.ndjson');

const { check, close } = checklist();
const serveNode = (args, action) => serve(['simulate', ...args], action);

// The signals that a client emits, by name.
async function join(client, url, ...options) {
  const joined = spawn(process.execPath, [`dist/client-${client}.mjs`, '--base', url, '--conference', 'meet.alice', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  let lines = '';
  for await (const text of joined.stdout.setEncoding('utf8')) lines += text;
  const signals = {};
  for (const { signal, payload } of lines.trimEnd().split('\n').map(line => JSON.parse(line))) (signals[signal] ??= []).push(payload);
  return signals;
}

const rosterOf = signals => signals.onParticipants.at(-1).participants;
const briefly = ['--max-ms', '2500'];

for (const client of ['20', '19', '17']) {
  await check(`client ${client} is asked for a PIN, and joins with it`, () => serveNode(['--pin', '1234'], async url => {
    const asked = await join(client, url, ...briefly);
    assert.deepEqual(asked.onPinRequired, [{ hasHostPin: true, hasGuestPin: false }]);
    assert.equal(asked.onConnected, undefined);
    const wrong = await join(client, url, '--pin', '1', ...briefly);
    assert.deepEqual(wrong.onError, [{ error: 'Invalid PIN', errorCode: '#pex101' }]);
    const host = await join(client, url, '--pin', '1234', '--name', 'Hosting', ...briefly);
    const self = rosterOf(host).find(participant => participant.displayName === 'Hosting');
    assert.equal(self.isHost, true);
    const guest = await join(client, url, '--pin', 'none', '--name', 'Visiting', ...briefly);
    assert.equal(rosterOf(guest).find(participant => participant.displayName === 'Visiting').isHost, false);
  }));

  await check(`client ${client} waits in the waiting room, and is let in`, () =>
    serveNode(['--pin', '1234', '--locked', '--admit-after', '1s'], async url => {
      const guest = await join(client, url, '--pin', 'none', ...briefly, '--idle-ms', '1500');
      assert.ok(guest.onParticipants.at(-1).participants.length > 1);
      assert.ok(guest.onServiceType.includes('waiting_room') && guest.onServiceType.at(-1) === 'conference', guest.onServiceType.join());
    }));

  for (const [option, ...expected] of [
    [['--unavailable'], 'onError', { error: 'System in maintenance mode', errorCode: '#pex110' }],
    [['--alias', 'bob'], 'onError', { error: 'Neither conference nor gateway found', errorCode: '#pex154' }],
    [['--idp'], 'onIdp'],
    [['--extension', '42'], 'onExtension', 'standard'],
  ]) {
    await check(`client ${client} with ${option.join(' ')}`, () => serveNode(option, async url => {
      const [name, payload] = expected;
      const signals = await join(client, url, ...briefly);
      assert.ok(signals[name], Object.keys(signals).join());
      if (payload !== undefined) assert.deepEqual(signals[name], [payload]);
    }));
  }

  await check(`client ${client} follows streams that break off, and a token that lives for 3 s`, () =>
    serveNode(['--disconnect-every', '1s', '--token-expires', '3s', '--journal', journal, '--overwrite'], async url => {
      const signals = await join(client, url, '--max-ms', '6000', '--idle-ms', '3000');
      assert.equal(signals.onDisconnected, undefined, JSON.stringify(signals.onDisconnected));
    }).then(() => {
      const answers = readJournal(journal).filter(entry => entry.what === 'answer');
      const count = (endpoint, status) => answers.filter(entry => entry.path.endsWith(endpoint) && entry.status === status).length;
      assert.ok(count('/events', 200) >= 3, `${count('/events', 200)} streams`);
      assert.ok(count('/refresh_token', 200) >= 3, `${count('/refresh_token', 200)} refreshes`);
      assert.deepEqual(answers.filter(entry => entry.status >= 400), []);
    }));
}

close();
