// Unmodified clients that act in a replay: they are answered from the state that they are played, with --react they and
// the others are told what their commands change, and a PIN is asked for where the recorded client was asked.
// Runs in the folder of the real clients. TAPEDECK names the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { checklist, output, serve, tapedeck, temporaryFolder, waitFor } from '../support/command.mjs';

const { inFolder } = temporaryFolder('answers');
const { check, close } = checklist();
const clients = ['20', '19', '17'];

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
const joinAll = (url, ...options) => Promise.all(clients.map(client => join(client, url, ...options)));

const event = (name, data) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const uuid = name => `00000000-0000-4000-8000-0000000000${{ Me: '01', Ann: '0a', Bob: '0b', Eve: '0e' }[name]}`;
const person = (name, more) => ({ uuid: uuid(name), display_name: name, is_muted: 'NO', role: 'guest', spotlight: 0, buzz_time: 0, ...more });
// The room, and what is recorded of Ann and Bob a second and a half later.
const first = [event('participant_sync_begin', null), event('participant_create', person('Me', { role: 'chair' })),
  ...['Ann', 'Bob', 'Eve'].map(name => event('participant_create', person(name))), event('participant_sync_end', null),
  event('conference_update', { locked: false, guests_muted: false, started: true }),
  event('layout', { view: '1:7', participants: [], requested_layout: { primary_screen: { chair_layout: '1:7', guest_layout: '1:7' } } })];
const later = [event('participant_update', person('Ann', { buzz_time: 5 })), event('participant_update', person('Bob', { buzz_time: 6 })),
  event('participant_update', person('Eve', { is_muted: 'YES' })), event('participant_update', person('Eve')),
  event('conference_update', { locked: false, guests_muted: false, started: true, all_muted: true })];

// A tape of that; `calls` are of the recorded client: [time in ms, method, path, body, status, answer].
function makeTape(name, calls = []) {
  const tape = inFolder(name);
  fs.writeFileSync(inFolder('body.sse'), [...first, ...later].join(''));
  output(tapedeck, ['record', inFolder('body.sse'), '-o', tape]);
  const blob = text => `CAST('${text.replaceAll("'", "''")}' AS BLOB)`;
  output('sqlite3', [tape, `UPDATE frames SET recv_ns = CASE WHEN seq <= ${first.length} THEN 0 ELSE 1500000000 END; DELETE FROM reads;
    UPDATE marks SET at_ns = 2000000000 WHERE kind = 'closed'; UPDATE connections SET closed_ns = 2000000000;
    INSERT INTO tape VALUES ('self', '${uuid('Me')}');
    ${calls.map(([ms, method, path, body, status, answer]) => `INSERT INTO exchanges
      (request_ns, response_ns, method, target, request_headers, request_body, status, response_headers, response_body) VALUES
      (${ms}000000, ${ms}000000, '${method}', '/api/client/v2/conferences/meet.alice/${path}', '', ${blob(body)}, ${status}, '', ${blob(answer)});`).join('')}`]);
  return tape;
}
const done = '{"status":"success","result":true}';

await check('commands are answered, compared with the recording and carried out', async () => {
  const tape = makeTape('commands.tape', [
    [900, 'POST', `participants/${uuid('Ann')}/mute`, '', 200, done],
    [700, 'POST', 'message', '{"type":"text/plain","payload":"another"}', 200, done],
    [1200, 'POST', 'unlock', '', 200, done],
    [100, 'GET', 'available_layouts?annotate=false', '', 200, '{"status":"success","result":["1:7","own layout"]}']]);
  // Time stands still until all have done what they do.
  const said = await serve(['replay', tape, '--react', '--from', '100ms', '--paused', '--speed', 'max', '--journal', inFolder('journal.ndjson')], async (url, server) => {
    const acts = [['mute', { mute: true, participantUuid: '@Ann' }], ['spotlight', { enable: true, participantUuid: '@Eve' }],
      ['mute', { mute: true, participantUuid: '@Eve' }],
      ['lock', { lock: true }], ['setLayout', { transforms: { layout: '4:0' } }], ['sendMessage', { payload: 'hello' }],
      ['raiseHand', { raise: true }], ['kick', { participantUuid: '@Bob' }], ['breakout', { name: 'Blue' }],
      ['requestParticipants', {}], ['availableLayouts', {}]];
    const joined = joinAll(url, '--act', JSON.stringify(acts), '--rosters', '--idle-ms', '1500');
    await waitFor('all commands', () => server.said.split('tapedeck: breakouts at').length === 4);
    server.kill('SIGUSR1');
    for (const signals of await joined) {
      assert.ok(!signals.onError && !signals.onDisconnected && !signals.onFailedRequest, JSON.stringify(signals));
      const answers = Object.fromEntries(signals['!act']);
      assert.equal(signals['!act'].length, acts.length, JSON.stringify(signals['!act']));
      const listed = answers.requestParticipants.result ?? answers.requestParticipants;
      assert.deepEqual(listed.map(({ display_name: name }) => name), ['Me', 'Ann', 'Eve']);
      assert.equal(listed[1].is_muted, 'YES');
      assert.deepEqual(answers.availableLayouts.result ?? answers.availableLayouts, ['1:7', 'own layout']);
      const roster = Object.fromEntries(signals['!roster'].find(({ payload, id }) => (id ?? payload?.id) === 'main').participants
        .map(participant => [participant.displayName, participant]));
      // Bob is away, what is recorded of him since or not.
      assert.deepEqual(Object.keys(roster), ['Me', 'Ann', 'Eve']);
      // Ann's recorded hand leaves her muted; what the recording itself does to Eve counts.
      assert.equal(roster.Ann.raisedHand && roster.Ann.isMuted, true);
      assert.equal(roster.Eve.isMuted, false);
      assert.equal(roster.Eve.isSpotlight, true);
      assert.equal(roster.Me.raisedHand, true);
      const status = signals.onConferenceStatus.filter(({ id }) => id === 'main').at(-1).status;
      assert.equal(status.locked && status.allMuted, true);
      assert.equal(signals.onLayoutUpdate.at(-1).view, '4:0');
      assert.equal(signals.onBreakoutBegin.length, 1);
      assert.equal(signals.onMessage, undefined, 'who says something is not told it');
    }
  });
  assert.match(said, /mute of Ann at 100ms: the recorded client did so at 900ms; on the recording it is not so within 30\.000s/);
  assert.match(said, /mute of Eve at 100ms: the recorded client did not; on the recording it is so at 1\.5/);
  assert.match(said, /message at 100ms: the recorded client did so at 700ms with another body/);
  assert.match(said, /27 commands of clients, 3 of them as on the recording; it has 1 that nobody gave here: unlock at 1\.200s/);
  const commands = fs.readFileSync(inFolder('journal.ndjson'), 'utf8').trimEnd().split('\n').map(line => JSON.parse(line))
    .filter(({ what }) => what === 'command');
  const mute = commands.find(({ path }) => path === `participants/${uuid('Ann')}/mute`);
  assert.deepEqual([mute.recorded, mute.effect], [{ at_ns: 900_000_000, same_body: true }, 'never']);
});

await check('one who acts is seen by the others on a shared timeline, and by who comes later', () =>
  serve(['replay', makeTape('shared.tape'), '--react', '--timeline', 'shared', '--until', '1s'], async url => {
    const watching = join('20', url, '--idle-ms', '3000', '--rosters');
    await new Promise(resolve => setTimeout(resolve, 400));
    await join('19', url, '--name', 'Actor', '--idle-ms', '200',
      '--act', JSON.stringify([['mute', { mute: true, participantUuid: '@Ann' }], ['sendMessage', { payload: 'hello' }]]));
    const late = await join('17', url, '--idle-ms', '200');
    const signals = await watching;
    assert.ok(signals.onParticipantUpdated.some(({ participant }) => participant.displayName === 'Ann' && participant.isMuted));
    assert.deepEqual(signals.onMessage.map(({ displayName, message }) => [displayName, message]), [['Me', 'hello']]);
    assert.equal(late.onParticipants.at(-1).participants.find(({ displayName }) => displayName === 'Ann').isMuted, true);
  }));

await check('without --react commands are answered, and nothing else', () =>
  serve(['replay', makeTape('plain.tape'), '--until', '1s'], async url => {
    const signals = await join('20', url, '--idle-ms', '300', '--act', JSON.stringify([['lock', { lock: true }], ['requestParticipants', {}]]));
    assert.deepEqual(signals['!act'][0], ['lock', { status: 'success', result: true }]);
    assert.deepEqual(signals['!act'][1][1].result.map(({ display_name: name }) => name), ['Me', 'Ann', 'Bob', 'Eve']);
    assert.equal(signals.onConferenceStatus.at(-1).status.locked, false);
  }));

const briefly = ['--idle-ms', '400', '--max-ms', '4000'];
await check('a PIN is asked for where the recorded client was asked; any will do', async () => {
  const tape = makeTape('pin.tape', [
    [1, 'POST', 'request_token', '{}', 403, '{"status":"success","result":{"pin":"required","guest_pin":"none","version":{}}}'],
    [2, 'POST', 'request_token', '{}', 200, '{"status":"success","result":{"role":"HOST"}}']]);
  await serve(['replay', tape, '--speed', 'max'], async url => {
    for (const asked of await joinAll(url, ...briefly)) {
      assert.deepEqual(asked.onPinRequired, [{ hasHostPin: true, hasGuestPin: false }]);
      assert.equal(asked.onConnected, undefined);
    }
    const letIn = await Promise.all([['20', '4711'], ['19', 'none']].map(([client, pin]) => join(client, url, '--pin', pin, ...briefly)));
    for (const joined of letIn) assert.ok(joined.onParticipants, Object.keys(joined).join());
  });
  await serve(['replay', tape, '--speed', 'max', '--no-pin'], async url => {
    assert.ok((await join('20', url, ...briefly)).onParticipants);
  });
});

await check('a guest is refused what only hosts may do', async () => {
  const acts = JSON.stringify([['mute', { mute: true, participantUuid: '@Ann' }], ['raiseHand', { raise: true }]]);
  const said = await serve(['replay', makeTape('guest.tape'), '--until', '1s', '--react', '--pin', '1'], async url => {
    for (const signals of await joinAll(url, '--pin', 'none', '--idle-ms', '400', '--act', acts)) {
      assert.deepEqual(signals['!act'], [['mute', { status: 'failed', result: 'Invalid role' }], ['raiseHand', { status: 'success', result: true }]]);
      assert.ok(!signals.onParticipants.at(-1).participants.some(({ isMuted }) => isMuted));
    }
  });
  assert.equal(said.match(/mute of Ann at .*, refused to a guest: /g).length, 3);
});

await check('--pin and --guest-pin ask for these', () =>
  serve(['replay', makeTape('asks.tape'), '--speed', 'max', '--pin', '1234', '--guest-pin', '99'], async url => {
    assert.deepEqual((await join('20', url, '--pin', 'none', ...briefly)).onPinRequired, [{ hasHostPin: true, hasGuestPin: true }]);
    for (const wrong of await joinAll(url, '--pin', '1', ...briefly)) assert.deepEqual(wrong.onError, [{ error: 'Invalid PIN', errorCode: '#pex101' }]);
    const pins = { 20: '1234', 19: '99', 17: '1234' };
    for (const joined of await Promise.all(clients.map(client => join(client, url, '--pin', pins[client], ...briefly)))) {
      assert.ok(joined.onParticipants, Object.keys(joined).join());
    }
  }));

close();
