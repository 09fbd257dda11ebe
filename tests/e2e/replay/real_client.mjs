// The unmodified @pexip/infinity clients against `tapedeck replay --listen`: they join, and their signals are those
// that they derive from the body itself; every function of their API accepts what the server answers.
// Runs in the folder of the real clients. TAPEDECK names the built command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { checklist, output, serve, tapedeck, temporaryFolder } from '../support/command.mjs';

const require = createRequire(path.join(process.cwd(), 'x.mjs'));
const { inFolder } = temporaryFolder('replay');

const { check, close } = checklist();

// --- They join, and see what is on the tape.

const self = '5e1f0000-0000-4000-8000-000000000001';
output(tapedeck, ['simulate', '--seed', '5', '--participants', '20', '--breakouts', '2', '--for', '90s', '-o', inFolder('sim.tape')]);
const tapes = [inFolder('sim.tape')];

// The same as a node might send it over three connections: a mark at the start of each, and two torn ends.
const body = output(tapedeck, ['cat', inFolder('sim.tape')]);
const half = body.indexOf('event:', body.length / 2);
const whole = ['\ufeff' + body.slice(0, half), '\ufeff' + body.slice(half)];
const torn = ['event: participant_create\ndata: {"uuid":"torn', ': keep-al'];
for (const [i, part] of [whole[0] + torn[0], whole[1] + torn[1], '\ufeff'].entries()) {
  fs.writeFileSync(inFolder(`part${i}.sse`), part);
  output(tapedeck, ['record', inFolder(`part${i}.sse`), '-o', inFolder('torn.tape'), '--append', '--self', self]);
}
tapes.push(inFolder('torn.tape'));

for (const tape of tapes) {
  const served = inFolder('served.sse');
  fs.writeFileSync(served, body);
  const uuid = output('sqlite3', [tape, "SELECT value FROM tape WHERE key = 'self'"]).trim();
  for (const client of ['20', '19', '17']) {
    const derived = inFolder('derived.ndjson');
    fs.writeFileSync(derived, output(process.execPath, ['derive.mjs', client, served, '--self', uuid]));
    for (const options of [['--speed', 'max'], ['--speed', '60', '--timeline', 'shared']]) {
      await check(`client ${client}, ${path.basename(tape)} ${options.join(' ')}`, () => serve(['replay', tape, ...options], async url => {
        const seen = inFolder('seen.ndjson');
        const joined = spawn(process.execPath, [`dist/client-${client}.mjs`, '--base', url, '--conference', 'meet.alice'],
          { stdio: ['ignore', fs.openSync(seen, 'w'), 'inherit'] });
        assert.deepEqual(await once(joined, 'close'), [0, null]);
        console.log(output(process.execPath, ['compare.mjs', seen, derived]).trim());
      }));
    }
  }
}

// --- Every function of the API accepts the answer; it throws what it does not accept.

const sent = {
  display_name: 'Me', reason: 'x', destination: 'x', protocol: 'sip', type: 'text/plain', payload: 'x', setting: true, transforms: {},
  config: {}, mix_name: 'x', transform_layout: {}, digits: '1', call_type: 'WEBRTC', sdp: '', media_type: 'video', text: 'x', state: true,
  action: 'start', target: 'x', movement: [], conference_alias: 'x', aspect_ratio: 1.5, candidate: '', mid: '0', name: 'x', breakout_uuid: 'x',
  participants: ['x'],
};
const role = name => (/^dial/.test(name) ? 'HOST' : /role/i.test(name) ? 'chair' : 'host');
const bodyOf = name => ({
  ...sent, role: role(name), ...(name === 'breakouts' ? { participants: { main: ['x'] } } : {}),
  ...(/Rtmp/.test(name) ? { call_type: 'RTMP' } : name === 'dial' ? { call_type: 'video' } : {}), ...(/silent/i.test(name) ? { config: {} } : {}),
});

const { build } = require('esbuild');
for (const [version, location] of [['20', ''], ['19', '@pexip/infinity-19/node_modules/'], ['17', '@pexip/infinity-17/node_modules/']]) {
  const bundle = inFolder(`api-${version}.mjs`);
  await build({
    entryPoints: [path.resolve('node_modules', location, '@pexip/infinity-api/dist/index.js')], outfile: bundle,
    bundle: true, platform: 'node', format: 'esm', logLevel: 'error',
  });
  const api = await import(pathToFileURL(bundle));
  const names = Object.keys(api).filter(name => typeof api[name] === 'function' && !/^(with|get|is|[A-Z])/.test(name));
  assert.ok(names.length > 90, `${names.length} functions`);
  // What ends a token comes last.
  names.sort((a, b) => (a === 'releaseToken') - (b === 'releaseToken') || (a < b ? -1 : 1));
  await serve(['replay', inFolder('sim.tape'), '--speed', 'max'], async url => {
    const params = { conferenceAlias: 'meet alice+/\u00fc', participantUuid: self, callUuid: self, breakoutUuid: self, mixName: 'a b', annotate: true };
    const join = await api.requestToken({ fetcher: fetch, params, body: bodyOf('requestToken'), host: url });
    assert.equal(join.status, 200);
    const fetcher = api.withToken(fetch, join.data.result.token);
    for (const name of names) {
      await check(`${name} of @pexip/infinity-api for client ${version}`, async () => {
        const response = await api[name]({ fetcher, params, body: bodyOf(name), host: url });
        assert.equal(response.status, { theme: 204, avatarJpgParticipant: 404 }[name] ?? 200);
      });
    }
    const refused = await api.refreshToken({ fetcher, params, host: url });
    assert.equal(refused.status, 403);
    assert.equal(refused.data.result, 'Invalid token');
  });
}

close();
