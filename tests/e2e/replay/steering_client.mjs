// Unmodified clients that stay connected while the replay is steered: after a seek forward, a seek back, a step back and
// out of a tape that is over they know what one knows that watched from the beginning to that moment.
// Runs in the folder of the real clients. TAPEDECK names the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { checklist, output, patience, serve, sql, tapedeck, temporaryFolder } from '../support/command.mjs';

const { inFolder } = temporaryFolder('steering');
const { check, close } = checklist();

const meeting = inFolder('meeting.tape');
output(tapedeck, ['simulate', '--seed', '7', '--participants', '8', '--breakouts', '1', '--for', '40s', '-o', meeting]);
const end = ['--until', '39s'];  // the conference is over then, and a client that is sent away knows nothing more

function join(client, url, idle) {
  const child = spawn(process.execPath, [`dist/client-${client}.mjs`, '--base', url, '--conference', 'meet.alice', '--idle-ms', idle, '--rosters'],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  let lines = '';
  const over = (async () => { for await (const text of child.stdout.setEncoding('utf8')) lines += text; })();
  return over.then(() => lines.trimEnd().split('\n').map(line => JSON.parse(line)));
}

// What a client knows: of each room its roster and its status; and what there is once.
function known(signals) {
  const rosters = {}, statuses = {}, once = {};
  for (const { signal, payload } of signals) {
    if (signal === '!roster') rosters[payload.id] = payload.participants;
    if (signal === 'onConferenceStatus') statuses[payload.id] = payload.status;
    if (signal === 'onBreakoutEnd') delete statuses[payload.breakout_uuid];
    if (['onStage', 'onLayoutUpdate', 'onSplashScreen'].includes(signal)) once[signal] = payload;
    if (signal === 'onPresentationConnectionChange') once.receives = payload.recv === 'connected';
  }
  return { rosters, statuses, once };
}

async function watched(client, until) {
  let signals;
  await serve(['replay', meeting, '--speed', 'max', '--until', until], async url => { signals = await join(client, url, '400'); });
  return known(signals);
}

// A presentation that a client no longer receives, or never has, is the same to it.
const settled = ({ once: { receives, ...once }, ...rest }) => ({ ...rest, once, receives: receives ?? false });

// `steer(ask)` does what it does while one client is there, and gives the last status.
async function steered(client, options, steer) {
  let signals, last;
  await serve(['replay', meeting, ...end, ...options], async url => {
    const ask = async (name, body) => {
      const response = await fetch(`${url}/tapedeck/v1/${name}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
      const answer = await response.json();
      assert.equal(response.status, 200, JSON.stringify(answer));
      return answer;
    };
    const over = join(client, url, '1500');
    for (const limit = Date.now() + patience;; await new Promise(resolve => { setTimeout(resolve, 20); })) {
      assert.ok(Date.now() < limit, 'the client never came');
      if ((await ask('status')).sessions[0]?.clients === 1) break;
    }
    last = await steer(ask);
    signals = await over;
  });
  assert.ok(!signals.some(({ signal }) => ['onDisconnected', 'onError', 'onFailedRequest', '!error'].includes(signal)), JSON.stringify(signals.at(-1)));
  return { signals, session: last.sessions[0] };
}

const isMoment = ns => sql(meeting, `SELECT count(*) FROM frames WHERE recv_ns = ${ns}`) === '1';

const ways = {
  'a seek forward': [['--paused'], ask => ask('seek', { to: '26.5s' })],
  'a seek back': [['--paused'], async ask => { await ask('seek', { to: '33s' }); return ask('seek', { to: '9.5s' }); }],
  'a seek back to before anything': [['--paused'], async ask => { await ask('seek', { to: '33s' }); return ask('seek', { to: '400us' }); }],
  'a step back': [['--paused'], async ask => {
    await ask('seek', { to: '21.3s' });
    await ask('step', { frames: 3 });
    return ask('step', { frames: -5 });
  }],
  'going on after a seek': [['--paused', '--speed', 'max'], async ask => {
    await ask('seek', { to: '30s' });
    await ask('seek', { to: '12s' });
    await ask('resume', {});
    for (;;) {
      const status = await ask('status');
      if (status.sessions[0].over) return status;
    }
  }],
  'a seek out of a tape that is over': [['--speed', 'max'], async ask => {
    while (!(await ask('status')).sessions[0].over);
    await ask('pause', {});
    return ask('seek', { to: '14.2s' });
  }],
};

for (const client of ['20', '19', '17']) {
  for (const [way, [options, steer]] of Object.entries(ways)) {
    for (const timeline of client === '20' ? ['private', 'shared'] : ['shared']) {
      await check(`client ${client}, ${way}, ${timeline}`, async () => {
        const { signals, session } = await steered(client, ['--timeline', timeline, ...options], steer);
        const until = session.over ? end[1] : `${session.t_ns + 1}ns`;
        if (way === 'a step back') assert.ok(isMoment(session.t_ns));
        const there = settled(known(signals)), expected = settled(await watched(client, until));
        if (way === 'a seek back to before anything') {
          // The stream has no words to take back a status or a layout.
          assert.deepEqual([there.rosters, there.receives, there.once.onStage], [expected.rosters, expected.receives, []]);
        } else {
          assert.deepEqual(there, expected);
        }
      });
    }
  }
}

close();
