import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** Ten segments of 1,460 bytes, as Linux begins. */
const FIRST_WINDOW_BYTES = 14_600;
/** After a pause as long as this, a sender begins with the first window again. */
const WINDOW_LIFE_MS = 1_000;

export interface Distance {
  port: number;
  /** Bytes that the server has sent so far, and those that clients have sent. */
  sent: { byServer: number; byClients: number };
  /** Cuts all connections. */
  stop(): Promise<void>;
}

/**
 * Puts a server on 127.0.0.1 further away: a relay in front of it that counts round trips, as a real line does. Each byte takes
 * half of one. A new connection carries nothing before a whole one (the TCP handshake) has passed; TLS handshakes and requests
 * follow by themselves. A sender begins with a small window, which grows by what has arrived (slow start), so a large
 * answer takes further round trips. No bytes are lost, and the window is not bounded.
 */
export async function startDistance(port: number, serverPort: number, roundTripMs: number): Promise<Distance> {
  const sockets = new Set<Socket>();
  const sent = { byServer: 0, byClients: 0 };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const far = connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    for (const socket of [client, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    line(client, far, { roundTripMs, opensAfterMs: roundTripMs, count: (bytes) => (sent.byClients += bytes) });
    line(far, client, { roundTripMs, opensAfterMs: 0, count: (bytes) => (sent.byServer += bytes) });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { port: (server.address() as AddressInfo).port, sent, stop };
}

interface LineOptions {
  roundTripMs: number;
  /** Nothing leaves before. */
  opensAfterMs: number;
  count(bytes: number): void;
}

/** One direction of a connection. */
function line(from: Socket, to: Socket, { roundTripMs, opensAfterMs, count }: LineOptions): void {
  let waiting = Buffer.alloc(0);
  let isOpen = opensAfterMs === 0;
  let hasEnded = false;
  let window = FIRST_WINDOW_BYTES;
  let underWay = 0;
  let sentAt = 0;

  const arrive = (bytes: Buffer): void => {
    if (to.writable) to.write(bytes);
  };
  const acknowledge = (bytes: number): void => {
    underWay -= bytes;
    window += bytes;
    send();
  };
  const send = (): void => {
    if (!isOpen) return;
    const now = performance.now();
    if (underWay === 0 && now - sentAt > WINDOW_LIFE_MS) window = FIRST_WINDOW_BYTES;
    while (waiting.length > 0 && underWay < window) {
      const part = waiting.subarray(0, window - underWay);
      waiting = waiting.subarray(part.length);
      underWay += part.length;
      sentAt = now;
      count(part.length);
      // Timers of the same length end in the order in which they were set.
      setTimeout(arrive, roundTripMs / 2, part);
      setTimeout(acknowledge, roundTripMs, part.length);
    }
    if (hasEnded && waiting.length === 0) setTimeout(() => to.end(), roundTripMs / 2);
  };

  if (!isOpen) {
    setTimeout(() => {
      isOpen = true;
      send();
    }, opensAfterMs);
  }
  from.on('data', (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    send();
  });
  from.on('end', () => {
    hasEnded = true;
    send();
  });
  from.on('error', () => setTimeout(() => to.resetAndDestroy(), roundTripMs / 2));
}
