// Each folder of fixtures/scenarios is a story: what a node sent, and what every stage made of it.
// Run with node --test, TAPEDECK and MAKE_TAPE naming the built programs. With UPDATE_GOLDEN=1 the artefacts are
// rewritten; review what git says has changed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const { TAPEDECK: tapedeck, MAKE_TAPE: makeTape, UPDATE_GOLDEN: update } = process.env;
assert.ok(tapedeck && makeTape, 'TAPEDECK and MAKE_TAPE name the built programs');
const scenarios = fileURLToPath(new URL('../../fixtures/scenarios', import.meta.url));
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tapedeck-golden-'));
test.after(() => fs.rmSync(work, { recursive: true }));

function bytesOf(program, args, statuses = [0]) {
  const result = spawnSync(program, args, { cwd: work, maxBuffer: 2 ** 28 });
  assert.ok(statuses.includes(result.status), `${args.join(' ')}: ${result.error ?? result.stderr}`);
  return result.stdout;
}
const run = (args, statuses) => bytesOf(tapedeck, args, statuses).toString();

// One JSON object over many lines, so that a difference shows where it is; what is not space stays byte for byte.
// An object or array that has none in it stays on one line.
function broken(json) {
  let indent = '';
  return json.replace(/"(?:[^"\\]|\\.)*"|[[{](?:"(?:[^"\\]|\\.)*"|[^"[\]{}])*[\]}]|[[{\]},]/g, token => {
    if (token === ',') return `,\n${indent}`;
    if (token === '{' || token === '[') return `${token}\n${(indent += '  ')}`;
    if (token === '}' || token === ']') return `\n${(indent = indent.slice(2))}${token}`;
    return token;
  });
}

// What is a matter of the program's version or of SQLite's is no fact of the tape.
const factsOf = info => info.replace(/"file_bytes":\d+,/, '').replace(/"program":"tapedeck [^"]*"/g, '"program":"tapedeck"');
const framesQuery = 'SELECT seq, connection_id, recv_ns, complete, length(raw) AS bytes FROM frames ORDER BY seq';

const artefacts = {
  'messages.jsonl': (tape, input) => run(['parse', input]),
  'frames.csv': tape => bytesOf('sqlite3', ['-readonly', '-header', '-csv', tape, framesQuery]).toString().replaceAll('\r\n', '\n'),
  'info.json': tape => broken(factsOf(run(['info', tape, '--json']))),
  'signals-17.jsonl': tape => run(['events', tape, '--as', 'client-17']),
  'signals-19.jsonl': tape => run(['events', tape, '--as', 'client-19']),
  'signals-20.jsonl': tape => run(['events', tape, '--as', 'client-20']),
  'plugin-events.jsonl': tape => run(['events', tape]),
  'plugin-events-22.jsonl': tape => run(['events', tape, '--plugin-api', '22']),
  'state.json': tape => broken(run(['state', tape, '--json'])),
  'state.txt': tape => run(['state', tape, '--human']),
  'findings.json': tape => broken(run(['verify', tape, '--json'], [0, 1])),
};

// The kept artefact is what was made; otherwise a diff of the lines tells where it is not, the long ones from shortly
// before the first difference on.
function same(kept, made) {
  const before = fs.existsSync(kept) ? fs.readFileSync(kept, 'utf8') : '';
  if (before === made) return;
  const now = path.join(work, 'now');
  fs.writeFileSync(now, made);
  const { stdout } = spawnSync('diff', ['-u', '-N', '--label', 'kept', '--label', 'now', kept, now], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const [old = '', fresh = ''] = ['-', '+'].map(sign => stdout.split('\n').slice(2).find(line => line.startsWith(sign))?.slice(1));
  let column = 0;
  while (column < old.length && old[column] === fresh[column]) column++;
  const from = Math.max(0, column - 80);
  const shown = line => (line.length > 160 && from ? `${line[0]}...${line.slice(from + 1, from + 160)}` : line.slice(0, 160));
  assert.fail(`${kept} is not what is made now; UPDATE_GOLDEN=1 rewrites it\n${stdout.split('\n').slice(0, 40).map(shown).join('\n')}`);
}

const names = fs.readdirSync(scenarios, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name).sort();

test('there are stories enough', () => assert.ok(names.length >= 15));

for (const name of names) {
  const folder = path.join(scenarios, name), input = path.join(folder, 'input.sse'), tape = `${name}.tape`;
  test(name, async t => {
    bytesOf(makeTape, [input, tape]);
    await t.test('story.md tells what happens and what to look at', () =>
      assert.match(fs.readFileSync(path.join(folder, 'story.md'), 'utf8'), new RegExp(`^# ${name.replaceAll('-', ' ')}\n\n[^]+\n\nLook at [^]+\n$`)));
    await t.test('the tape gives back what came', () =>
      assert.equal(run(['cat', tape]), fs.readFileSync(input, 'utf8').replaceAll(': reconnect\n\n', '')));
    for (const [file, make] of Object.entries(artefacts)) {
      await t.test(file, () => {
        const made = make(tape, input), kept = path.join(folder, file);
        if (update) fs.writeFileSync(kept, made);
        else same(kept, made);
      });
    }
    await t.test('an artefact of each stage and nothing else', () =>
      assert.deepEqual(fs.readdirSync(folder).sort(), ['input.sse', 'story.md', ...Object.keys(artefacts)].sort()));
  });
}
