// A recording watched from outside: /metrics, /healthz and the log, against what is on the tape at its end.
// Run with node --test and TAPEDECK naming the built command.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { output, patience, serve, sql, tapedeck, temporaryFolder } from '../support/command.mjs';

const { folder, inFolder, fresh } = temporaryFolder('watch');

const info = tape => JSON.parse(output(tapedeck, ['info', '--json', tape]));
const logOf = file => fs.readFileSync(file, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line));
const events = log => log.map(line => line.event).filter(event => event !== 'progress');
const get = async (url, at) => {
  const answer = await fetch(url + at);
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
};

async function waitForAsync(what, condition) {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const result = await condition();
    if (result) return result;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  assert.fail(`never: ${what}`);
}

// Reads the text format strictly: each family has one HELP and one TYPE before its samples, and counters end in _total.
function parseMetrics(text) {
  const metrics = {};
  let family, type;
  assert.ok(text.endsWith('\n'));
  for (const line of text.slice(0, -1).split('\n')) {
    const help = line.match(/^# HELP (\w+) \S.*$/);
    const typed = line.match(/^# TYPE (\w+) (counter|gauge)$/);
    const sample = line.match(/^(\w+)(?:\{conference="((?:[^"\\]|\\.)*)"\})? (\d+(?:\.\d+)?)$/);
    if (help) {
      assert.ok(!(help[1] in metrics), `${help[1]} twice`);
      [family, type] = [help[1], undefined];
      metrics[family] = {};
    } else if (typed) {
      assert.equal(typed[1], family);
      type = typed[2];
      assert.equal(type === 'counter', family.endsWith('_total'));
    } else {
      assert.ok(sample && type, line);
      assert.equal(sample[1], family);
      metrics[family][sample[2] ?? ''] = Number(sample[3]);
    }
  }
  return metrics;
}

// A recording under way: `at` is where its pages are, once it has said so.
async function watched(args, action, { status = 0, env = {} } = {}) {
  const child = spawn(tapedeck, [...args, '--metrics', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  child.said = child.announced = '';
  child.stdout.setEncoding('utf8').on('data', text => { child.announced += text; });
  child.stderr.setEncoding('utf8').on('data', text => { child.said += text; });
  const closed = once(child, 'close');
  try {
    const [, at] = await waitForAsync('an address', () => child.said.match(/metrics are at (http:\S+)\/metrics/));
    await action({
      at,
      metrics: async () => parseMetrics((await get(at, '/metrics')).body),
      health: () => get(at, '/healthz'),
      child,
    });
    child.kill('SIGTERM');
    assert.deepEqual(await closed, [status, null], child.said);
  } finally {
    child.kill('SIGKILL');
  }
  return child.said;
}

// A stream of the test's own hand.
async function node() {
  const open = new Set();
  const server = http.createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': hello\n\n');
    open.add(response);
    response.on('close', () => open.delete(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  const port = server.address().port;
  return {
    url: `http://127.0.0.1:${port}/events?token=s3cr3t-of-the-stream`,
    say: text => { for (const response of open) response.write(text); },
    async away() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
    async back() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}

test('what is scraped of a conference is what stands on its tape at that frame', async () => {
  await serve(['simulate', '--participants', '6', '--seed', '3'], async url => {
    const [tape, log] = [fresh(), fresh('.log')];
    let last;
    const said = await watched(['record', '--join', 'meet.alice', url, '-o', tape, '--log', log], async recording => {
      const page = await get(recording.at, '/metrics');
      assert.equal(page.type, 'text/plain; version=0.0.4; charset=utf-8');
      last = await waitForAsync('some frames, all committed', async () => {
        const now = await recording.metrics();
        return now.tapedeck_frames_total['meet.alice'] > 20 && now.tapedeck_commit_lag_seconds['meet.alice'] === 0 && now;
      });
      assert.equal((await recording.health()).body, '{"status":"recording"}\n');
    });
    const is = name => last[`tapedeck_${name}`]['meet.alice'];
    const told = info(tape);
    assert.equal(sql(tape, `SELECT sum(length(raw)) FROM frames WHERE seq <= ${is('frames_total')}`), String(is('bytes_total')));
    assert.equal(is('committed_frames_total'), is('frames_total'));
    assert.equal(is('gaps_total'), 0);
    assert.equal(is('reconnects_total'), 0);
    assert.equal(is('exchanges_total'), 1);
    assert.equal(is('open_connections'), 1);
    assert.equal(is('uncommitted_frames'), 0);
    assert.equal(is('held_bytes'), 0);
    assert.equal(is('recording'), 1);
    assert.ok(is('commits_total') >= 1);
    const state = JSON.parse(output(tapedeck, ['state', tape, '--seq', String(is('frames_total'))]));
    assert.equal(is('participants'), Object.values(state.rooms).reduce((sum, room) => sum + room.participants.length, 0));
    assert.ok(last.tapedeck_disk_free_bytes[''] > 0);
    assert.match(said, /^tapedeck: metrics are at .*\ntapedeck: recorded .*\n$/, 'people read sentences');
    const lines = logOf(log);
    assert.deepEqual(events(lines), ['serving_metrics', 'connected', 'committed', 'disconnected', 'closed', 'recorded']);
    for (const line of lines) {
      assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(line.level, 'info');
      assert.equal(typeof line.message, 'string');
      assert.deepEqual([Object.keys(line)[0], Object.keys(line).at(-1)], ['time', 'message']);
    }
    assert.equal(lines.at(-1).frames, told.frames);
    assert.equal(lines.at(-1).conference, 'meet.alice');
  });
});

test('healthz turns 503 when the stream is lost, and back; the log tells the story', async () => {
  const from = await node();
  const tape = fresh();
  let unwell, again;
  const said = await watched(['record', from.url, '-o', tape, '--log', '-', '--retries', '1000'], async recording => {
    await waitForAsync('a commit', async () => (await recording.metrics()).tapedeck_committed_frames_total?.[''] === 1);
    assert.equal((await recording.health()).status, 200);
    await from.away();
    assert.equal((await recording.health()).status, 200, 'not yet: it may be back at once');
    unwell = await waitForAsync('an ailment', async () => {
      const now = await recording.health();
      return now.status === 503 && now;
    });
    const metrics = await recording.metrics();
    assert.equal(metrics.tapedeck_recording[''], 0);
    assert.equal(metrics.tapedeck_open_connections[''], 0);
    await from.back();
    await waitForAsync('its end', async () => (await recording.health()).status === 200);
    from.say('data: again\n\n');
    again = await waitForAsync('the frame', async () => {
      const now = await recording.metrics();
      return now.tapedeck_committed_frames_total[''] === 3 && now;
    });
    assert.equal(again.tapedeck_gaps_total[''], 1);
    assert.equal(again.tapedeck_reconnects_total[''], 1);
    assert.equal(again.tapedeck_recording[''], 1);
    assert.ok(!('tapedeck_participants' in again) || Object.keys(again.tapedeck_participants).length === 0);
  });
  assert.equal(unwell.type, 'application/json');
  const { status, reasons } = JSON.parse(unwell.body);
  assert.equal(status, 'not recording');
  assert.equal(reasons.length, 1);
  assert.match(reasons[0], /^there is no connection since 5\.\d+s$/);
  const lines = said.trimEnd().split('\n').map(line => JSON.parse(line));
  assert.deepEqual(events(lines), ['serving_metrics', 'connected', 'committed', 'disconnected', 'not_recording', 'gap',
    'reconnected', 'recording_again', 'disconnected', 'closed', 'recorded']);
  assert.equal(lines.find(line => line.event === 'gap').level, 'warn');
  const told = info(tape);
  assert.deepEqual([told.frames, told.bytes, told.gaps.length, told.connections.length - 1],
    ['frames', 'bytes', 'gaps', 'reconnects'].map(name => again[`tapedeck_${name}_total`]['']), 'what was scraped last is what info says');
  assert.ok(!said.includes('s3cr3t'));
});

test('of several conferences each has its label, and one that failed is told', async () => {
  await serve(['simulate', '--participants', '3', '--alias', 'a "b"', '--alias', 'c'], async url => {
    const dir = inFolder('several/');
    await watched(['record', '--join', 'a "b"', '--join', 'c', '--join', 'nobody', url, '-o', dir], async recording => {
      const metrics = await waitForAsync('two that are recorded', async () => {
        const now = await recording.metrics();
        return now.tapedeck_frames_total['a \\"b\\"'] > 0 && now.tapedeck_frames_total.c > 0 && now;
      });
      assert.deepEqual(Object.keys(metrics.tapedeck_frames_total), ['a \\"b\\"', 'c', 'nobody']);
      const unwell = await waitForAsync('the refusal', async () => {
        const now = await recording.health();
        return now.body.includes('has ended') && now;
      });
      assert.equal(unwell.status, 503);
      const { reasons } = JSON.parse(unwell.body);
      assert.equal(reasons.length, 1);
      assert.match(reasons[0], /^'nobody': the recording has ended: /);
      const after = await recording.metrics();
      assert.equal(after.tapedeck_recording.nobody, 0);
      assert.equal(after.tapedeck_recording.c, 1);
    }, { status: 3 });
  });
});

test('no secret is on the log, the pages or stderr, and a proxy is watched too', async () => {
  const pin = '58213467';
  const dir = inFolder('proxied/');
  await serve(['simulate', '--participants', '3', '--pin', pin], async url => {
    const [tape, log, proxyLog] = [fresh(), fresh('.log'), fresh('.log')];
    let seen = '';
    const pages = async at => { for (const page of ['/metrics', '/healthz']) seen += (await get(at, page)).body; };
    seen += await watched(['record', '--join', 'meet.alice', url, '-o', tape, '--log', log], async recording => {
      await waitForAsync('frames', async () => (await recording.metrics()).tapedeck_frames_total['meet.alice'] > 0);
      await pages(recording.at);
    }, { env: { TAPEDECK_PIN: pin } });
    const secrets = [pin];
    seen += await watched(['proxy', '--to', url, '--listen', '127.0.0.1:0', '-o', dir, '--log', proxyLog], async recording => {
      assert.equal((await recording.health()).status, 200, 'nobody has joined, and nothing is amiss');
      const [, at] = await waitForAsync('the port', () => recording.child.announced.match(/^listening on (\S+)\n/));
      const base = `${at}/api/client/v2/conferences/meet.bob`;
      const answer = await (await fetch(`${base}/request_token`, { method: 'POST', headers: { pin }, body: '{"display_name":"Me"}' })).json();
      const { token } = answer.result;
      secrets.push(token);
      const stop = new AbortController();
      const stream = await fetch(`${base}/events?token=${token}`, { signal: stop.signal });
      await stream.body.getReader().read();
      const metrics = await waitForAsync('frames', async () => {
        const now = await recording.metrics();
        return now.tapedeck_frames_total['meet.bob'] > 0 && now;
      });
      assert.equal(metrics.tapedeck_tapes['meet.bob'], 1);
      assert.equal(metrics.tapedeck_open_connections['meet.bob'], 1);
      assert.equal(metrics.tapedeck_participants['meet.bob'] > 0, true);
      assert.ok(metrics.tapedeck_proxy_open_connections[''] >= 1);
      await pages(recording.at);
      stop.abort();
      await fetch(`${base}/release_token`, { method: 'POST', headers: { token }, body: '{}' });
      const after = await waitForAsync('a tape that is closed', async () => {
        const now = await recording.metrics();
        return now.tapedeck_tapes['meet.bob'] === 0 && now;
      });
      const closed = info(path.join(dir, 'meet.bob.tape'));
      assert.equal(after.tapedeck_frames_total['meet.bob'], closed.frames, 'what was counted stays');
      assert.equal(after.tapedeck_bytes_total['meet.bob'], closed.bytes);
      assert.equal((await recording.health()).status, 200);
    });
    seen += fs.readFileSync(log, 'utf8') + fs.readFileSync(proxyLog, 'utf8');
    assert.match(seen, /meet\.alice/);
    assert.match(seen, /"event":"closed","conference":"meet\.bob"/);
    for (const secret of secrets) assert.ok(!seen.includes(secret), secret);
    assert.ok(!/[?&]token=(?!TOKEN-)/.test(seen), 'nor a token that the test does not know');
  });
});

test('what makes no sense is refused before anything is recorded', () => {
  const refused = (args, status, words) => {
    const tape = fresh();
    const done = spawnSync(tapedeck, ['record', 'http://127.0.0.1:9/', '-o', tape, ...args], { encoding: 'utf8', timeout: patience });
    assert.equal(done.status, status, done.stderr);
    assert.match(done.stderr, words);
    assert.equal(fs.existsSync(tape), false);
  };
  refused(['--metrics', 'nowhere'], 2, /--metrics: /);
  refused(['--metrics', '0.0.0.0:0'], 2, /--allow-remote/);
  refused(['--allow-remote'], 2, /--allow-remote goes with --metrics/);
  refused(['--log', ''], 2, /--log/);
  refused(['--log', path.join(folder, 'no', 'such.log')], 3, /cannot write the log to '.*such\.log'/);
  const log = fresh('.log');
  refused(['--log', log, '--no-reconnect'], 3, /^tapedeck record: cannot record from /);
  assert.deepEqual(logOf(log).map(line => [line.level, line.event]), [['error', 'failed']]);
});
