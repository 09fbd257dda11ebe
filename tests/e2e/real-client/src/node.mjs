// A minimal Infinity node on 127.0.0.1: it lets anybody join and sends event stream bodies.
import http from 'node:http';

export const defaults = {
  self: '00000000-0000-4000-8000-000000000000', conference: 'meet.alice', name: 'Meet Alice', service: 'conference',
};

// `join` is read at each request, so it may change between joins: {bodies, self, name, service}. Each event stream
// takes the next body; all but the last end, upon which a client connects again.
export function serveNode(join) {
  const server = http.createServer((request, response) => {
    const json = result => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ status: 'success', result }));
    };
    const path = request.url.split('?')[0];
    if (path.endsWith('/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      response.flushHeaders();
      response.write(join.bodies[0]);
      if (join.bodies.length > 1) { join.bodies.shift(); response.end(); }
    } else if (path.endsWith('/request_token')) {
      json({
        token: 'token-1', expires: '120', participant_uuid: join.self, display_name: 'tape', role: 'HOST', version: {},
        current_service_type: join.service, conference_name: join.name, call_type: 'video',
      });
    } else if (path.endsWith('/refresh_token')) json({ token: 'token-2', expires: '120' });
    else if (/\/theme\/?$/.test(path)) { response.writeHead(204); response.end(); }
    else if (/(new_candidate|statistics|take_floor|release_floor|\/disconnect)$/.test(path)) json(null);
    else json(true);
  });
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}
