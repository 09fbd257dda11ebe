// What an unmodified client derives from a raw event-stream body, as NDJSON on stdout.
// Usage: node derive.mjs CLIENT BODY.sse [--self UUID] [--conference ALIAS] [--name "Meet Alice"] [--service conference]
//        CLIENT: 17, 19 or 20.
// Serves the body from a minimal Infinity node and runs dist/client-CLIENT.mjs against it.
import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { defaults, serveNode } from './src/node.mjs';

const [client, bodyPath, ...rest] = process.argv.slice(2);
const option = (name, fallback) => { const i = rest.indexOf('--' + name); return i < 0 ? fallback : rest[i + 1]; };

const server = await serveNode({
  bodies: [readFileSync(bodyPath)], self: option('self', defaults.self), name: option('name', defaults.name),
  service: option('service', defaults.service),
});
const bundle = fileURLToPath(new URL(`./dist/client-${client}.mjs`, import.meta.url));
const child = spawn(process.execPath, [bundle, '--base', `http://127.0.0.1:${server.address().port}`,
  '--conference', option('conference', defaults.conference), '--idle-ms', option('idle-ms', '400')],
{ stdio: ['ignore', 'inherit', 'inherit'] });
child.on('exit', code => { server.closeAllConnections(); server.close(); process.exitCode = code; });
