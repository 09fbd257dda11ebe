// What docs/openapi.json says of /tapedeck/v1/ against what the server does, in both directions.
// Run with node --test and TAPEDECK naming the built command; OPENAPI names the document.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import test from 'node:test';
import { output, serve, tapedeck, temporaryFolder } from '../support/command.mjs';

const { inFolder } = temporaryFolder('openapi');
const text = fs.readFileSync(process.env.OPENAPI, 'utf8');
const document = JSON.parse(text);
const meeting = inFolder('meeting.tape');
output(tapedeck, ['simulate', '--seed', '7', '--participants', '4', '--for', '10s', '-o', meeting]);

const resolve = schema => schema.$ref
  ? schema.$ref.slice(2).split('/').reduce((at, key) => at[key], document) : schema;

// What is wrong with a value, by as much of JSON Schema as the document uses; '' for nothing.
function wrong(value, given, place = '$') {
  const schema = resolve(given);
  if (value === null) return schema.nullable ? '' : `${place} is null`;
  const type = Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
  if (schema.oneOf) return schema.oneOf.some(one => !wrong(value, one, place)) ? '' : `${place} is none of oneOf`;
  if (schema.type && schema.type !== type) return `${place} is ${type}, not ${schema.type}`;
  if (type === 'array') return value.map((item, i) => wrong(item, schema.items, `${place}[${i}]`)).find(Boolean) ?? '';
  if (type !== 'object') return '';
  const missing = (schema.required ?? []).find(key => !(key in value));
  if (missing) return `${place} lacks ${missing}`;
  for (const [key, item] of Object.entries(value)) {
    const property = schema.properties?.[key];
    if (!property && schema.additionalProperties === false) return `${place} has ${key}`;
    const fault = property ? wrong(item, property, `${place}.${key}`) : '';
    if (fault) return fault;
  }
  return '';
}

// A request over a connection of its own, with any headers; gives status, headers and body.
function ask(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolveAnswer, reject) => {
    const request = http.request(url, { method, headers, agent: false }, response => {
      let bytes = '';
      const done = () => resolveAnswer({ status: response.statusCode, headers: response.headers, body: bytes });
      response.setEncoding('utf8').on('data', more => {
        bytes += more;
        if (response.headers['content-type'] === 'text/event-stream' && bytes.includes('\n\n')) {
          done();
          request.destroy();
        }
      }).on('end', done);
    }).on('error', reject);
    request.end(body);
  });
}

const json = (body, headers = {}) => ({ method: 'POST', body: JSON.stringify(body), headers });
const operations = Object.entries(document.paths)
  .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
const base = document.servers[0].url;

// Requests that bring each answer an operation documents.
const causes = {
  status: { 200: [''], 400: ['?session=0', '?session=x'], 404: ['?session=99'] },
  marks: { 200: ['', '?session=1'], 400: ['?session=-1'], 404: ['?session=99'] },
  state: { 200: ['', '?session=1'], 400: ['?session='], 404: ['?session=99'] },
  events: { 200: [''] },
  openapi: { 200: [''] },
  pause: { 200: [['']], 404: [['?session=99']], 400: [['', '['], ['', '[]'], ['', '{"session":1}']] },
  resume: { 200: [['?session=1']], 404: [['?session=99']], 400: [['?session=1.5']] },
  step: { 200: [[''], ['', '{"frames":2}'], ['', '{"frames":-1}']], 404: [['?session=99']], 400: [['', '{"frames":0}'], ['', '{"frames":"1"}'], ['', '{"frames":10001}'], ['', '{"frame":1}']] },
  seek: {
    200: [['', '{"to":"5s"}'], ['', '{"by":"-2s"}'], ['', '{"by":"1s"}'], ['', '{"event":"stage"}']],
    400: [[''], ['', '{}'], ['', '{"to":5}'], ['', '{"to":"soon"}'], ['', '{"to":"1s","by":"1s"}'], ['', '{"mark":"third"}'], ['', '{"event":""}'], ['', '{"to":"1s","frames":1}']],
    404: [['?session=99', '{"to":"1s"}']],
    409: [['', '{"mark":"next"}'], ['', '{"event":"no_such_event"}']],
  },
  rate: { 200: [['', '{"rate":"0.5"}'], ['', '{"rate":2}'], ['', '{"rate":"max"}']], 400: [['', '{"rate":0}'], ['', '{}'], ['', '{"rate":"fast"}'], ['', '{"rate":2.5}'], ['', '{"rate":"1","at":"1s"}']], 404: [['?session=99', '{"rate":"1"}']] },
  addMark: {
    201: [['', '{"text":"here"}'], ['', '{"text":"there","at":"3s"}']],
    400: [['', '{}'], ['', '{"text":""}'], ['', '{"text":"x","at":3}'], ['', '{"text":"x","time":"3s"}'], ['', `{"text":"${'x'.repeat(1025)}"}`], ['', '{"text":"two\\nlines"}']],
    404: [['?session=99', '{"text":"x"}']],
    409: [['', '{"text":"x","at":"1h"}']],
  },
};

function check(operation, answer, what) {
  const documented = operation.responses[answer.status];
  assert.ok(documented, `${what}: ${answer.status} is not documented: ${answer.body}`);
  const [type, media] = Object.entries(resolve(documented).content)[0];
  assert.equal(answer.headers['content-type'], type, what);
  if (type === 'application/json') assert.equal(wrong(JSON.parse(answer.body), media.schema), '', `${what}: ${answer.body}`);
  assert.equal(answer.headers['access-control-allow-origin'], undefined, `${what}: no other page may read it`);
}

test('every operation answers as documented, and every documented answer comes', async () => {
  await serve(['replay', meeting, '--timeline', 'shared', '--paused'], async url => {
    const seen = new Map(operations.map(({ operation }) => [operation.operationId, new Set()]));
    const run = async ({ path, method, operation }, query, options, expected) => {
      const what = `${method} ${path}${query} ${options.body ?? ''}`.slice(0, 200);
      const answer = await ask(url + base + path + query, { ...options, method: method.toUpperCase() });
      assert.equal(answer.status, expected, `${what}: ${answer.body}`);
      check(operation, answer, what);
      seen.get(operation.operationId).add(answer.status);
    };
    // Nothing is played.
    for (const id of ['step', 'seek', 'addMark', 'state']) {
      const operation = operations.find(one => one.operation.operationId === id);
      await run(operation, '', { body: { seek: '{"to":"1s"}', addMark: '{"text":"x"}' }[id] }, 409);
    }
    const client = http.get(`${url}/events`, { agent: false }, response => response.resume()).on('error', () => {});
    await new Promise(done => { client.on('response', done); });
    for (const one of operations) {
      const { operationId, requestBody } = one.operation;
      for (const [status, requests] of Object.entries(causes[operationId])) {
        for (const request of requests) {
          const [query, body] = [request].flat();
          await run(one, query, { body }, Number(status));
        }
      }
      await run(one, '', { headers: { Host: 'attacker.example' } }, 403);
      await run(one, '', { headers: { Origin: 'http://attacker.example' } }, 403);
      if (one.method === 'post') await run(one, '', { body: `{"x":"${'x'.repeat(9000)}"}` }, 413);
      if (requestBody) {
        const example = requestBody.content['application/json'].example;
        assert.equal(wrong(example, requestBody.content['application/json'].schema), '');
        await run(one, '', { body: JSON.stringify(example) }, one.operation.responses[200] ? 200 : 201);
      }
    }
    client.destroy();
    for (const { operation } of operations) {
      // A tape that cannot be read is the business of the test below.
      const documented = Object.keys(operation.responses).map(Number).filter(status => status !== 500);
      assert.deepEqual([...seen.get(operation.operationId)].sort(), documented.sort(), operation.operationId);
    }
  });
});

test('what is not documented is not there', async () => {
  await serve(['replay', meeting], async url => {
    assert.equal((await ask(`${url}${base}/openapi.json`)).body, text, 'the document is served as it is');
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
        if (methods[method.toLowerCase()]) continue;
        const answer = await ask(url + base + path, { method });
        assert.equal(answer.status, 405, `${method} ${path}`);
        assert.ok(JSON.parse(answer.body).error);
        for (const known of Object.keys(methods)) assert.ok(answer.headers.allow.split(', ').includes(known.toUpperCase()));
        assert.ok(!answer.headers.allow.split(', ').includes(method));
      }
      const options = await ask(url + base + path, { method: 'OPTIONS' });
      assert.equal(options.status, 204);
      assert.equal(options.headers['access-control-allow-methods'], undefined);
      if (methods.get && path !== '/events') {
        const head = await ask(url + base + path, { method: 'HEAD' });
        assert.equal(head.body, '');
      }
    }
    for (const path of ['', '/', '/play', '/status/1', '/../v2/status', '/%00', '/statu%73x']) {
      const answer = await ask(url + base + path);
      assert.equal(answer.status, 404, path);
      assert.ok(JSON.parse(answer.body).error);
    }
    assert.equal((await ask(`${url}/tapedeck`)).status, 404);
    assert.equal((await ask(`${url}/tapedeck/v2/status`)).status, 404);
  });
  const simulated = ['simulate', '--seed', '1', '--participants', '2', '--for', '5s'];
  await serve(simulated, async url => { assert.equal((await ask(`${url}${base}/status`)).status, 404); });
});

test('a page of somebody else cannot steer, one of this server can', async () => {
  await serve(['replay', meeting], async url => {
    const { port } = new URL(url);
    const status = headers => ask(`${url}${base}/pause`, json({}, headers)).then(answer => answer.status);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `127.1.2.3:${port}`, `[::1]:${port}`]) {
      assert.equal(await status({ Host: host }), 200, host);
      assert.equal(await status({ Host: host, Origin: `http://${host.toLowerCase()}` }), 200, host);
      for (const origin of ['null', 'http://attacker.example', `http://attacker.example:${port}`, `https://${host}`, 'http://localhost:1', 'http://localhost']) {
        assert.equal(await status({ Host: host, Origin: origin }), 403, `${host} ${origin}`);
      }
    }
    for (const host of ['attacker.example', `attacker.example:${port}`, `127.0.0.1.attacker.example:${port}`, `localhost.attacker.example`, `10.0.0.1:${port}`, '[::1']) {
      assert.equal(await status({ Host: host }), 403, host);
    }
  });
  await serve(['replay', meeting, '--allow-remote'], async url => {
    const status = headers => ask(`${url}${base}/pause`, json({}, headers)).then(answer => answer.status);
    assert.equal(await status({ Host: '10.0.0.1:8080', Origin: 'http://10.0.0.1:8080' }), 200);
    assert.equal(await status({ Host: '10.0.0.1:8080', Origin: 'http://attacker.example' }), 403);
    assert.equal(await status({ Host: 'attacker.example', Origin: 'http://attacker.example' }), 403, 'a name may have been made to lead here');
  });
});
