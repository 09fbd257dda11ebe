// No secret that a recording had to do with is left anywhere: not on the tape, not beside it while it is recorded, not in
// what was said. Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { output, serve, sql, tapedeck, temporaryFolder, waitFor } from '../support/command.mjs';

const { inFolder } = temporaryFolder('secrets');

const pin = '20481';
const guestPin = '99377';
const bearer = 'b3arer.0f+the/gateway';
const ssoToken = 'ss0-t0ken/of+somebody';

// All that is in the folder now, the side files of a tape too.
const bytesOf = folder => fs.readdirSync(folder).map(name => fs.readFileSync(path.join(folder, name), 'latin1')).join('\n');

// Session and one-time tokens of the simulated node look like this.
const tokensIn = text => [...new Set(text.match(/[0-9a-f]{8}\+[0-9a-f]{4}\/[0-9a-f]{20}==/g) ?? [])];

function assertNone(text, where) {
  for (const secret of [pin, guestPin, bearer, ssoToken]) assert.ok(!text.includes(secret), `${secret} ${where}`);
}

const node = ['simulate', '--seed', '3', '--speed', '20', '--participants', '6', '--alias', 'alice', '--alias', 'bob',
  '--pin', pin, '--guest-pin', guestPin, '--token-expires', '3s', '--transfer-every', '15s'];

// Records for some transfers; gives what it said, and what lay in the folder meanwhile.
async function record(url, folder, ...options) {
  fs.mkdirSync(folder);
  const child = spawn(tapedeck, ['record', '--join', 'alice', url, '-o', path.join(folder, 'a.tape'), '--commit-frames', '1',
    '--header', `Authorization: Bearer ${bearer}`, '--for', '4s', ...options], { env: { ...process.env, TAPEDECK_PIN: pin } });
  let said = '';
  let meanwhile = '';
  child.stderr.setEncoding('utf8').on('data', text => { said += text; });
  const closed = once(child, 'close');
  await new Promise(resolve => setTimeout(resolve, 2500));
  meanwhile = bytesOf(folder);
  assert.ok(meanwhile.includes('participant_sync_begin'), 'something is committed');
  assert.deepEqual(await closed, [0, null], said);
  return { said, bytes: meanwhile + bytesOf(folder) };
}

test('of a joined conference only the stream has its one-time tokens', async () => {
  await serve(node, async url => {
    const { said, bytes } = await record(url, inFolder('plain'));
    assertNone(bytes, 'is on the tape');
    assertNone(said, 'was said');
    assert.deepEqual(tokensIn(said), []);
    const body = output(tapedeck, ['cat', path.join(inFolder('plain'), 'a.tape')]);
    const oneTime = [...body.matchAll(/event: refer\ndata: \{"alias":"\w+","token":"([^"]+)"\}/g)].map(match => match[1]);
    assert.ok(oneTime.length >= 2, `${oneTime.length} transfers`);
    assert.deepEqual(new Set(tokensIn(bytes)), new Set(oneTime));
  });
});

test('with --scrub the stream has none either, and is as long as it was', async () => {
  await serve(node, async url => {
    const { said, bytes } = await record(url, inFolder('scrubbed'), '--scrub');
    const tape = path.join(inFolder('scrubbed'), 'a.tape');
    assertNone(bytes + said, 'is there');
    assert.deepEqual(tokensIn(bytes + said), []);
    const body = output(tapedeck, ['cat', tape]);
    const oneTime = [...body.matchAll(/event: refer\ndata: (\{.*\})\n/g)].map(match => JSON.parse(match[1]).token);
    assert.ok(oneTime.length >= 2, `${oneTime.length} transfers`);
    assert.equal(new Set(oneTime).size, oneTime.length, 'each has its own placeholder');
    for (const token of oneTime) assert.match(token, /^TOKEN-\d+-+$/);
    for (const token of oneTime) assert.equal(token.length, 36);
    // The join that the transfer led to shows the same placeholder.
    const sent = sql(tape, "SELECT request_body FROM exchanges WHERE target LIKE '%request_token'");
    assert.ok(sent.includes(`"token":"${oneTime[0].replace(/-+$/, '')}"`), sent);
    assert.equal(sql(tape, "SELECT value FROM tape WHERE key = 'secrets'"), 'scrubbed');
    assert.match(output(tapedeck, ['info', tape]), /secrets +scrubbed/);
    output(tapedeck, ['verify', tape]);
  });
});

test('--keep-secrets keeps them on the tape, warns, and says none', async () => {
  await serve(node, async url => {
    const { said, bytes } = await record(url, inFolder('kept'), '--keep-secrets');
    for (const secret of [pin, bearer]) assert.ok(bytes.includes(secret));
    assert.ok(tokensIn(bytes).length > 0);
    assert.match(said, /warning: --keep-secrets/);
    assertNone(said, 'was said');
    assert.deepEqual(tokensIn(said), []);
    assert.equal(sql(path.join(inFolder('kept'), 'a.tape'), "SELECT value FROM tape WHERE key = 'secrets'"), 'kept');
  });
});

// Joins and reads some of the stream through a proxy, with all that a client may have to show.
async function joinThrough(proxy) {
  const api = `${proxy}/api/client/v2/conferences/alice/`;
  const post = (endpoint, headers, body) =>
    fetch(api + endpoint, { method: 'POST', headers: { Authorization: `Bearer ${bearer}`, ...headers }, body });
  const wrong = await post('request_token', { pin: guestPin + '0' }, '{"display_name":"me"}');
  assert.equal(wrong.status, 403);
  const answer = await post('request_token', { pin: guestPin }, JSON.stringify({ display_name: 'me', sso_token: ssoToken }));
  assert.equal(answer.status, 200);
  const { token } = (await answer.json()).result;
  const stream = await fetch(`${api}events?token=${token}`);
  let body = '';
  const decoder = new TextDecoder();
  for await (const part of stream.body) {
    body += decoder.decode(part, { stream: true });
    if (body.includes('event: refer')) break;
  }
  await post('release_token', { token }, '{"reason":"bye"}');
  return body;
}

for (const scrub of [false, true]) {
  test(`a proxy leaves none ${scrub ? 'with --scrub, not in the stream either' : 'but those in the stream'}`, async () => {
    const folder = inFolder(`proxy-${scrub}`);
    await serve(node, async url => {
      let meanwhile = '';
      let body = '';
      const said = await serve(['proxy', '--to', url, '-o', folder + '/', '--commit-frames', '1', ...(scrub ? ['--scrub'] : [])], async proxy => {
        body = await joinThrough(proxy);
        await waitFor('a tape', () => fs.existsSync(path.join(folder, 'alice.tape')));
        meanwhile = bytesOf(folder);
      });
      const bytes = meanwhile + bytesOf(folder);
      assertNone(bytes + said, 'is there');
      const oneTime = body.match(/event: refer\ndata: \{"alias":"\w+","token":"([^"]+)"\}/)[1];
      assert.match(oneTime, /==$/, 'the client gets it as it is');
      assert.deepEqual(tokensIn(bytes + said), scrub ? [] : [oneTime]);
    });
  });
}
