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

function run(program, args, statuses = [0]) {
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  assert.ok(statuses.includes(result.status), `${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

// What can be read line by line stays so; one object is broken into lines, so that a difference shows where it is.
const artefacts = {
  'messages.jsonl': (tape, input) => run(tapedeck, ['parse', input]),
  'signals-17.jsonl': tape => run(tapedeck, ['events', tape, '--as', 'client-17']),
  'signals-19.jsonl': tape => run(tapedeck, ['events', tape, '--as', 'client-19']),
  'signals-20.jsonl': tape => run(tapedeck, ['events', tape, '--as', 'client-20']),
  'plugin-events.jsonl': tape => run(tapedeck, ['events', tape]),
  'plugin-events-22.jsonl': tape => run(tapedeck, ['events', tape, '--plugin-api', '22']),
  'state.json': tape => JSON.stringify(JSON.parse(run(tapedeck, ['state', tape])), null, 2) + '\n',
  'state.txt': tape => run(tapedeck, ['state', tape, '--human']),
  'findings.jsonl': tape => run(tapedeck, ['verify', tape, '--json'], [0, 1]).replaceAll(work + path.sep, ''),
};

const names = fs.readdirSync(scenarios).sort();

test('there are stories enough', () => assert.ok(names.length >= 15));

for (const name of names) {
  test(name, () => {
    const folder = path.join(scenarios, name), input = path.join(folder, 'input.sse');
    const tape = path.join(work, `${name}.tape`);
    run(makeTape, [input, tape]);
    assert.match(fs.readFileSync(path.join(folder, 'story.md'), 'utf8'), /^# .+\n\n.+\n/);
    for (const [file, make] of Object.entries(artefacts)) {
      const made = make(tape, input), kept = path.join(folder, file);
      if (update) fs.writeFileSync(kept, made);
      else assert.equal(made, fs.existsSync(kept) ? fs.readFileSync(kept, 'utf8') : undefined, file);
    }
    const files = fs.readdirSync(folder).sort();
    assert.deepEqual(files, ['input.sse', 'story.md', ...Object.keys(artefacts)].sort(), 'an artefact of each stage and nothing else');
  });
}
