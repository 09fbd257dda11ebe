// Runs every command of a document's ```console blocks and holds the output against what is printed there.
// Usage: node run_console_blocks.mjs DOCUMENT.md TAPEDECK
//
// A line that begins with `$ ` is a command, lines that end in a backslash go on; what follows is its
// output, stdout and stderr together. A line `...` stands for any number of lines, `…` inside a line for
// any characters. A command whose output ends in `[exit N]` must exit with N, every other with 0. All
// commands of a document run in one shell, in an empty folder, with TAPEDECK first in PATH; port 8080
// stands for a free one; what still runs at the end is ended.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const [documentPath, tapedeck] = process.argv.slice(2);
const seconds = 120 * Number(process.env.TAPEDECK_SLOWDOWN ?? 1);

function commandsOf(text) {
  const commands = [];
  let inBlock = false;
  text.split('\n').forEach((line, index) => {
    if (line.startsWith('```')) {
      inBlock = !inBlock && line.trim() === '```console';
      return;
    }
    if (!inBlock) return;
    const last = commands.at(-1);
    if (line.startsWith('$ ')) commands.push({ line: index + 1, command: line.slice(2), expected: [], exit: 0 });
    else if (last?.command.endsWith('\\') && last.expected.length === 0) last.command += '\n' + line;
    else if (!last) throw new Error(`line ${index + 1}: output before a command`);
    else if (/^\[exit \d+\]$/.test(line)) last.exit = Number(line.slice(6, -1));
    else last.expected.push(line);
  });
  return commands;
}

function matches(expected, actual) {
  const escape = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = expected
    .map(line => (line === '...' ? '(?:.*\\n)*?' : line.split('…').map(escape).join('.*') + '\\n'))
    .join('');
  return new RegExp(`^${pattern}$`).test(actual);
}

function freePort() {
  return new Promise(resolve => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function run(commands, folder) {
  const mark = `mark-${process.pid}-`;
  const script = [
    `export PATH=${path.dirname(path.resolve(tapedeck))}:$PATH`,
    // Jobs that a document leaves running are ended with the shell.
    "trap 'kill $(jobs -p) 2>/dev/null' EXIT",
    ...commands.map(({ command }, i) => `echo ${mark}${i}\n${command}\necho ${mark}exit $?`),
  ].join('\n');
  return new Promise(resolve => {
    const shell = spawn('bash', ['-c', `exec 2>&1\n${script}`], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const timer = setTimeout(() => shell.kill('SIGTERM'), seconds * 1000);
    let output = '';
    shell.stdout.on('data', chunk => (output += chunk));
    shell.on('close', () => {
      clearTimeout(timer);
      const results = [];
      for (const part of output.split(new RegExp(`^${mark}(?=\\d+$)`, 'm')).slice(1)) {
        const [, body, exit] = new RegExp(`^\\d+\\n([^]*?)${mark}exit (\\d+)\\n?$`).exec(part) ?? [];
        results.push({ output: body ?? part, exit: exit === undefined ? null : Number(exit) });
      }
      resolve(results);
    });
  });
}

const port = await freePort();
const text = readFileSync(documentPath, 'utf8').replaceAll(':8080', `:${port}`);
const commands = commandsOf(text);
if (commands.length === 0) throw new Error(`${documentPath} shows no command`);
const folder = mkdtempSync(path.join(os.tmpdir(), 'tapedeck-docs-'));
let failed = 0;
try {
  const results = await run(commands, folder);
  commands.forEach(({ line, command, expected, exit }, i) => {
    const result = results[i];
    const good = result && result.exit === exit && matches(expected, result.output);
    if (good) return;
    failed++;
    console.log(`${documentPath}:${line}: $ ${command}`);
    console.log(result ? `exit ${result.exit}, expected ${exit}; it printed:\n${result.output}` : 'it did not run');
    console.log(`expected:\n${expected.join('\n')}\n`);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${commands.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
