// What `tapedeck replay` leaves out and changes on the way: --only, --omit, --rename, --set.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import test from 'node:test';
import { output, patience, serve, tapedeck, temporaryFolder } from '../support/command.mjs';

const { inFolder, fresh } = temporaryFolder('edits');
const run = (...args) => spawnSync(tapedeck, args, { encoding: 'utf8', maxBuffer: 2 ** 28, timeout: patience });
const meeting = inFolder('meeting.tape');
assert.equal(run('simulate', '--seed', '3', '--for', '60s', '--breakouts', '1', '-o', meeting).status, 0);

function play(...args) {
  const done = run('replay', meeting, '--stdout', '--speed', 'max', ...args);
  assert.equal(done.status, 0, done.stderr);
  return done;
}
// The events of a body as a browser dispatches them.
const parse = body => output(tapedeck, ['parse'], { input: body }).trimEnd().split('\n').map(line => JSON.parse(line));
const all = parse(play().stdout);
const blocks = body => body.split(/(?<=\n\n)/);

test('--only and --omit leave out by event, and what is left keeps its bytes', () => {
  const stages = play('--only', 'event=stage').stdout;
  assert.ok(parse(stages).length > 10);
  assert.ok(parse(stages).every(({ event, data }) => event === 'stage' || JSON.parse(data).event === 'stage'));
  const kept = new Set(blocks(play().stdout));
  assert.ok(blocks(stages).every(block => kept.has(block)));
  const rest = parse(play('--omit', 'event=stage', '--omit', 'event=layout').stdout);
  assert.ok(!rest.some(({ event }) => event === 'stage' || event === 'layout'));
});

test('--omit room= and participant=', () => {
  assert.ok(all.some(({ event }) => event === 'breakout_event'));
  assert.ok(!parse(play('--only', 'room=main').stdout).some(({ event }) => event.startsWith('breakout_')));
  const { display_name, uuid } = JSON.parse(all.findLast(({ event }) => event === 'participant_create').data);
  for (const who of [uuid, display_name]) assert.ok(!play('--omit', `participant=${who}`, '--only', 'room=main').stdout.includes(uuid), who);
});

test('--rename and --set change their fields and nothing else', () => {
  const { display_name } = JSON.parse(all.find(({ event }) => event === 'participant_create').data);
  const renamed = play('--rename', `${display_name}=Zo\u00eb "Z"`, '--set', 'conference_update.locked=true', '--set', 'stage/*/vad=0').stdout;
  const before = blocks(play().stdout);
  const after = blocks(renamed);
  assert.equal(after.length, before.length);
  let changed = 0;
  for (const [i, block] of after.entries()) {
    if (block === before[i]) continue;
    changed++;
    const [was, is] = [before[i], block].map(text => text.split('\n'));
    assert.deepEqual(is.map(line => line.replace(/^data: .*/, 'data')), was.map(line => line.replace(/^data: .*/, 'data')));
  }
  assert.ok(changed > 10);
  const events = parse(renamed);
  assert.ok(!events.some(({ event, data }) => event === 'participant_create' && JSON.parse(data).display_name === display_name));
  assert.ok(events.some(({ data }) => JSON.parse(data)?.display_name === 'Zo\u00eb "Z"'));
  assert.ok(events.filter(({ event }) => event === 'conference_update').every(({ data }) => JSON.parse(data).locked));
  assert.ok(events.filter(({ event }) => event === 'stage').every(({ data }) => JSON.parse(data).every(({ vad }) => vad === 0)));
});

test('a client is served the same, faults come after edits', async () => {
  const edits = ['--omit', 'event=layout', '--rename', 'Observer=Me'];
  const wanted = play(...edits).stdout;
  await serve(['replay', meeting, '--speed', 'max', '--once', ...edits], async url => {
    assert.equal(await (await fetch(`${url}/events`)).text(), wanted);
  }, { stop: null });
  assert.equal(play(...edits, '--fault', 'omit:event=layout').stdout, wanted);
});

test('data on several lines, other line ends, comments and torn blocks stay as they are but for the field', () => {
  const body = 'id: 1\r\nevent: stage\r\ndata: [\r\ndata:{"vad":1}]\r\n\r\n: hi\n\nevent: layout\ndata: {"view":"x"}\n\ndata: {"vad"';
  fs.writeFileSync(inFolder('body.sse'), body);
  const tape = fresh();
  assert.equal(run('record', inFolder('body.sse'), '-o', tape).status, 0);
  const done = run('replay', tape, '--stdout', '--speed', 'max', '--set', 'stage.0.vad=[2]');
  assert.equal(done.stdout, body.replace('"vad":1', '"vad":[2]'));
});

test('what has no meaning is told in one sentence', () => {
  for (const [args, sentence] of [
    [['--only', 'stage'], "--only: 'stage' is none of event=NAME, room=UUID (or main) and participant=UUID (or a display name)"],
    [['--omit', 'name=x'], "--omit: 'name=x' is none of event=NAME, room=UUID (or main) and participant=UUID (or a display name)"],
    [['--rename', 'x'], "--rename: 'x' is not OLD=NEW, where OLD is the uuid or the display name of somebody"],
    [['--set', 'stage=1'], `--set: 'stage=1' is not EVENT.FIELD=JSON, as participant_update.is_muted='"YES"'`],
    [['--set', 'layout.view=1:7'], `--set: '1:7' is no JSON; a string needs its quotes, as '"1:7"'`],
  ]) {
    const done = run('replay', meeting, '--null', ...args);
    assert.equal(done.status, 2);
    assert.equal(done.stderr, `tapedeck replay: ${sentence}\n`);
  }
  const said = play('--only', 'event=stagee', '--set', 'layout.vew=1', '--rename', 'Nemo=X', '--set', 'stage.x.y=1').stderr;
  for (const sentence of [
    "--only: no event of the catalogue is called 'stagee'; 'tapedeck schema' lists them",
    "--set: layout has no field 'vew' in the catalogue; it is set all the same",
    "--rename: nobody was played whose uuid or display name is 'Nemo'",
    '--set: no stage was played that has such a place',
    '--only: no stagee was there',
  ]) assert.ok(said.includes(`tapedeck: ${sentence}\n`), `${sentence}\n${said}`);
});

test('what is chosen and was not there is told', () => {
  const done = play('--omit', 'participant=Nemo', '--omit', 'room=atlantis', '--omit', 'event=stage', '--omit', 'room=main');
  const said = done.stderr.split('\n').filter((line) => line.includes('--omit'));
  assert.deepEqual(said, [
    "tapedeck: --omit: nothing was there of a room 'atlantis'",
    "tapedeck: --omit: nobody was there whose uuid or display name is 'Nemo'",
  ]);
});
