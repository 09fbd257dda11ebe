// `tapedeck events` and `tapedeck state`, from the outside.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { tapedeck, temporaryFolder } from '../support/command.mjs';

const { folder, fresh } = temporaryFolder('state');

const run = (...args) => spawnSync(tapedeck, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
const lines = (result, status = 0) => {
  assert.equal(result.status, status, result.stderr);
  return result.stdout.trimEnd().split('\n').map(line => JSON.parse(line));
};
const sql = (tape, statement) => assert.equal(spawnSync('sqlite3', [tape, statement]).status, 0);
const event = (name, data) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

const self = '00000000-0000-4000-8000-000000000000';
const person = (uuid, more) => ({ uuid, display_name: uuid, service_type: 'conference', ...more });

function tapeOf(...bodies) {
  const tape = fresh('.tape');
  bodies.forEach((body, i) => {
    const file = fresh('.sse');
    fs.writeFileSync(file, body);
    assert.equal(run('record', file, '-o', tape, ...(i ? ['--append'] : [])).status, 0);
  });
  return tape;
}

const story = event('participant_sync_begin', null) + event('participant_create', person(self)) +
  event('participant_create', person('u1')) + event('participant_sync_end', null) +
  event('participant_update', person('u1', { buzz_time: 1790000000.5 })) +
  event('message_received', { origin: 'A', uuid: 'u1', type: 'text/plain', payload: 'hi', direct: true });

test('plugin events are the default, with seq, time and the shapes of the documentation', () => {
  const events = lines(run('events', tapeOf(story)));
  assert.deepEqual(events.map(line => `${line.seq} ${line.event}`), [
    '0 authenticatedWithConference', '2 me', '2 participantJoined', '2 participants', '3 participantJoined', '3 participants',
    '5 raiseHand', '5 participants', '6 directMessage']);
  for (const line of events) assert.deepEqual(Object.keys(line), ['seq', 't_ns', 'event', 'payload']);
  assert.equal(events[1].payload.participant.identity, self);
  assert.equal(events[1].payload.participant.overlayText, undefined);
  assert.deepEqual(Object.keys(events.at(-1).payload), ['at', 'id', 'message', 'displayName', 'userId', 'direct']);
});

test('signals are those of the client that is asked for', () => {
  const tape = tapeOf(story);
  const names = client => lines(run('events', tape, '--as', client)).map(line => line.signal);
  assert.ok(names('client-17').filter(name => name === 'onParticipants').length === 3);
  for (const client of ['client-19', 'client-20']) {
    assert.deepEqual(names(client), ['onServiceType', 'onConnected', 'onAuthenticatedWithConference', 'onServiceType', 'onParticipants',
      'onRaiseHand', 'onParticipantUpdated', 'onMessage']);
  }
});

test('rawData is printed only with --raw', () => {
  const tape = tapeOf(event('conference_update', { locked: true, of_tomorrow: 7 }));
  const status = (...options) => lines(run('events', tape, '--as', 'client-20', ...options)).at(-1).payload.status;
  assert.equal(status().rawData, undefined);
  assert.deepEqual(status('--raw').rawData, { locked: true, of_tomorrow: 7 });
});

test('plugin-api 22 knows activities and has the members of its client', () => {
  const events = lines(run('events', tapeOf(story), '--plugin-api', '22'));
  assert.deepEqual(events.map(line => line.event),
    ['authenticatedWithConference', 'participants', 'raiseHand', 'participantsActivities', 'directMessage']);
  assert.equal(events[2].payload.participant.identity, undefined);
});

test('who joined is told by the options, else by the tape, else by the defaults', () => {
  const tape = tapeOf(event('participant_create', person('u1')));
  const joined = (...options) => lines(run('events', tape, '--as', 'client-20', ...options));
  assert.deepEqual(joined()[2].payload, { token: 'token', conferenceAlias: 'meet.alice', conferenceName: 'Meet Alice' });
  sql(tape, "INSERT INTO tape VALUES ('self', 'u1'), ('alias', 'team_a'), ('service_type', 'lecture')");
  assert.equal(joined()[0].payload, 'lecture');
  assert.equal(joined()[2].payload.conferenceName, 'Team A');
  assert.ok(joined().some(line => line.signal === 'onMe'));
  assert.ok(!joined('--self', 'u2').some(line => line.signal === 'onMe'));
  assert.deepEqual(joined('--conference', 'b', '--name', 'N', '--service', 'gateway').filter((_, i) => i !== 1 && i < 3).map(line => line.payload),
    ['gateway', { token: 'token', conferenceAlias: 'b', conferenceName: 'N' }]);
});

test('the answer to request_token on the tape tells who joined', () => {
  const tape = tapeOf(event('participant_create', person('u7')));
  const answer = { status: 'success', result: { token: 'x', expires: '90', participant_uuid: 'u7', display_name: 'Seven', role: 'GUEST',
    current_service_type: 'waiting_room', conference_name: 'Room of seven' } };
  sql(tape, `INSERT INTO exchanges (request_ns, response_ns, method, target, request_headers, request_body, status, response_headers,
    response_body) VALUES (0, 0, 'POST', '/api/client/v2/conferences/team%20a/request_token', '', CAST('{}' AS BLOB), 200, '',
    CAST('${JSON.stringify(answer)}' AS BLOB))`);
  const [state] = lines(run('state', tape));
  assert.deepEqual(state.self, { uuid: 'u7', display_name: 'Seven', role: 'GUEST', service_type: 'conference' });
  assert.deepEqual(state.conference, { alias: 'team a', name: 'Room of seven' });
  assert.equal(state.token.expires_s, 90);
  assert.equal(lines(run('state', tape, '--self', 'u8'))[0].self.uuid, 'u8');
});

test('a second connection is another stream for the same client', () => {
  const tape = tapeOf(event('participant_create', person('u1')), event('participant_update', person('u1')));
  assert.deepEqual(lines(run('events', tape, '--as', 'client-20')).slice(3).map(line => `${line.seq} ${line.signal}`),
    ['1 onParticipantJoined', '2 onConnected', '2 onParticipantUpdated']);
});

test('requests on the tape cause the plugin events that no stream tells', () => {
  const tape = tapeOf(event('stage', []));
  const base = '/api/client/v2/conferences/meet.alice/';
  const exchange = (at, target, body) => sql(tape, `INSERT INTO exchanges (request_ns, response_ns, method, target, request_headers,
    request_body, status, response_headers, response_body) VALUES (${at}, ${at}, 'POST', '${base}${target}', '', CAST('${body}' AS BLOB),
    200, '', CAST('' AS BLOB))`);
  const late = 3_600_000_000_000;
  exchange(0, 'participants/u/calls/c/ack', '{}');
  exchange(late, 'release_token', '{"reason":"User initiated disconnect"}');
  const events = lines(run('events', tape));
  assert.deepEqual(events.map(line => line.event), ['authenticatedWithConference', 'connected', 'stage', 'userInitiatedDisconnect',
    'presentationConnectionStateChange', 'presentationConnectionStateChange']);
  assert.deepEqual([events[1].seq, events[3].seq, events[3].t_ns, events[3].payload], [0, 1, late, null]);
});

test('requests upon which the client gives up disconnect it', () => {
  const tape = tapeOf(event('stage', []));
  const base = '/api/client/v2/conferences/meet.alice/';
  const second = 1_000_000_000;
  const exchange = (at, target, status, answer) => sql(tape, `INSERT INTO exchanges (request_ns, response_ns, method, target,
    request_headers, request_body, status, response_headers, response_body) VALUES (${at * second}, ${at * second}, 'POST', '${base}${target}',
    '', CAST('' AS BLOB), ${status}, '', CAST('${JSON.stringify(answer)}' AS BLOB))`);
  exchange(3600, 'request_token', 200, { status: 'success', result: { expires: '120', participant_uuid: self } });
  exchange(3640, 'refresh_token', 200, { status: 'success', result: { expires: '120' } });
  exchange(3680, 'refresh_token', 403, { status: 'failed', result: 'Invalid token' });
  assert.deepEqual(lines(run('events', tape)).map(line => line.event), ['authenticatedWithConference', 'stage']);
  exchange(3765, 'refresh_token', 403, { status: 'failed', result: 'Invalid token' });
  const [disconnected, ...links] = lines(run('events', tape)).slice(2);
  assert.deepEqual([disconnected.event, disconnected.t_ns, disconnected.payload],
    ['disconnected', 3765 * second, { error: 'Could not reconnect to the meeting', errorCode: '#pex117' }]);
  assert.equal(links.length, 2);
});

test('state is canonical JSON in a pipe, tables when asked', () => {
  const tape = tapeOf(story);
  const [state] = lines(run('state', tape));
  assert.equal(run('state', tape).stdout, run('state', tape, '--json').stdout);
  assert.deepEqual(state.rooms[0].raised_hands, ['u1']);
  assert.equal(state.seq, 6);
  const human = run('state', tape, '--human');
  assert.equal(human.status, 0);
  assert.match(human.stdout, /^Meet Alice \(meet\.alice\) as client-20 sees it, frame 6/);
  assert.match(human.stdout, /^  name +role +service +call/m);
  assert.match(human.stdout, /^  hands: u1$/m);
});

test('the tables name who presents, who is on stage and in the spotlight, in order', () => {
  const tape = tapeOf(event('participant_create', person('u1', { spotlight: 20, buzz_time: 7 })) +
    event('participant_create', person('u2', { spotlight: 10, buzz_time: 8 })) +
    event('presentation_start', { presenter_uuid: 'u2', presenter_name: 'Two', presenter_uri: '' }) +
    event('stage', [{ participant_uuid: 'u2', stage_index: 0, vad: 100 }, { participant_uuid: 'gone', stage_index: 1, vad: 0 }]) +
    event('breakout_event', { event: 'conference_update', breakout_uuid: 'b', data: { breakout_name: 'Room 1' } }) +
    event('refer', { alias: 'meet.other', token: 'secret' }) + event('hologram', {}) + event('stage', null));
  const { stdout } = run('state', tape, '--human');
  for (const line of ['hands: u1, u2', 'spotlights: u2, u1', 'presents: u2', 'stage: u2, gone', 'referred to   meet.other',
    'events        8, 1 of a name that no client knows, 1 that the client dropped', 'token         validity not told, node asked for 0 refreshes']) {
    assert.ok(stdout.split('\n').includes(`  ${line}`), `${line}\n${stdout}`);
  }
  assert.match(stdout, /^b \(Room 1\): 0 participants/m);
  assert.ok(!stdout.includes('secret'));
});

test('state stops at the frame or the moment that is asked for', () => {
  const tape = tapeOf(story);
  const people = (...options) => lines(run('state', tape, ...options))[0].rooms[0].participants.length;
  assert.equal(people('--seq', '0'), 0);
  assert.equal(people('--seq', '2'), 1);
  assert.equal(people('--seq', '99'), 2);
  const whole = fresh('.tape');
  assert.equal(run('simulate', '--seed', '3', '--for', '20s', '-o', whole).status, 0);
  const at = (...options) => lines(run('state', whole, ...options))[0].t_ns;
  assert.ok(at('--at', '5') <= 5e9 && at('--at', '5') > 0);
  assert.ok(at() > 15e9);
  assert.equal(at('--at', '1000h'), at());
});

test('the same tape gives the same bytes', () => {
  const tape = fresh('.tape');
  assert.equal(run('simulate', '--seed', '9', '--for', '30s', '-o', tape).status, 0);
  for (const args of [['events', tape], ['events', tape, '--as', 'client-19'], ['state', tape], ['state', tape, '--human']]) {
    assert.equal(run(...args).stdout, run(...args).stdout);
  }
});

test('bad options and bad tapes end in one sentence', () => {
  const tape = tapeOf(story);
  const empty = fresh('.tape');
  fs.writeFileSync(empty, '');
  for (const [status, ...args] of [
    [2, 'events', tape, '--as', 'client-18'], [2, 'events', tape, '--plugin-api', '20'],
    [2, 'events', tape, '--as', 'client-17', '--plugin-api', '22'], [2, 'events'], [2, 'events', tape, 'surplus'],
    [2, 'state', tape, '--at', 'noon'], [2, 'state', tape, '--seq', '-1'], [2, 'state', tape, '--at', '1', '--seq', '1'],
    [2, 'state', tape, '--json', '--human'], [2, 'state', tape, '--as', 'client-1'], [3, 'events', path.join(folder, 'missing.tape')],
    [3, 'state', path.join(folder, 'missing.tape')], [3, 'events', empty], [3, 'state', folder]]) {
    const result = run(...args);
    assert.equal(result.status, status, args.join(' '));
    assert.equal(result.stdout, '');
    assert.equal(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
  }
});

test('hostile streams are derived to their end', () => {
  const tape = tapeOf(event('participant_create', null) + 'event: stage\ndata: [1,\n\n' + 'event: layout\ndata: ' + '['.repeat(5000) + '\n\n' +
    event('stage', []) + 'event: stage\ndata: [');
  const events = run('events', tape, '--as', 'client-20');
  assert.deepEqual(lines(events, 4).slice(3).map(line => line.signal), ['onStage']);
  assert.equal(events.stderr, "tapedeck: 1 event went over a limit and means less here than to a client; 'tapedeck verify' names each\n");
  assert.equal(lines(run('state', tape), 4)[0].counts.dropped, 2);
});
