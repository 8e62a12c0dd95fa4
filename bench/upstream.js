// The stand-in for both systems and their token endpoints. It implements only the necessary part of HTTP, over plain
// sockets, so that it is never the bottleneck.
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createSecureServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { answer } from './control.js';
import { cas360Rows, pmsRow } from './upstreamData.js';

const TOKEN = 'bench-token';
const GRANT = JSON.stringify({ access_token: TOKEN, token_type: 'bearer', expires_in: 43_199, refresh_token: 'bench-refresh' });

let latencyMs = 0;
let calls = 0;

/** Set: so far away, over TLS, and in gzip for clients that accept it. */
const { ROUND_TRIP_MS: roundTripMs, TLS_KEY: key, TLS_CERT: cert, PORT } = process.env;
let connections = 0;

function serve(socket) {
  connections++;
  let pending = '';
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text) => {
    pending += text;
    for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
      const head = pending.slice(0, end);
      // Only token requests have a body.
      const bodyLength = head.startsWith('POST') ? Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) : 0;
      if (pending.length < end + 4 + bodyLength) return;
      pending = pending.slice(end + 4 + bodyLength);
      void respond(socket, head);
    }
  });
}

async function respond(socket, head) {
  const [method, target] = head.slice(0, head.indexOf('\r\n')).split(' ', 2);
  if (method === 'POST') return send(socket, 200, GRANT);
  calls++;
  if (latencyMs > 0) await sleep(latencyMs);
  const body = bodyOf(target);
  if (!head.includes(`earer ${TOKEN}`)) send(socket, 401, '{}');
  else if (roundTripMs && body && /accept-encoding:.*gzip/i.test(head)) sendGzip(socket, body);
  else send(socket, body ? 200 : 404, body ?? '{}');
}

function bodyOf(target) {
  const [path, query = ''] = target.split('?', 2);
  const ids = path.slice(path.lastIndexOf('/') + 1);
  if (path.startsWith('/api/v3/contacts/')) return pmsRow(ids);
  if (path.startsWith('/contacts/')) return cas360Rows(ids.split(','), query.includes('relationships=true'));
  return undefined;
}

/** All rows are ASCII: one byte per character. */
function send(socket, status, body) {
  if (!socket.destroyed) socket.write(`HTTP/1.1 ${status} -\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`, 'latin1');
}

function sendGzip(socket, body) {
  const bytes = gzipSync(body);
  socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 -\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n`), bytes]));
}

let sent = { byServer: 0 };
if (roundTripMs) {
  const { startDistance } = await import('../dist/sandbox/distance.js');
  const server = createSecureServer({ key, cert }, serve);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ sent } = await startDistance(Number(PORT), server.address().port, Number(roundTripMs)));
} else createServer(serve).listen(Number(PORT), '127.0.0.1');

answer({
  calls: () => calls,
  latency: (ms) => {
    latencyMs = ms;
  },
  traffic: () => ({ connections, bytes: sent.byServer }),
});
