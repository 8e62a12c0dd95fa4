// Serves the page, and beside it the subgraph over a sandbox of both systems: of one origin, so that the browser needs no
// permission (CORS). Built by `npm start`, which runs this.
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { pipeline } from 'node:stream';
import { createApp } from '../../dist/src/app.js';
import { readConfig } from '../../dist/src/config.js';
import { startSandbox } from '../../dist/sandbox/start.js';

const HOST = '127.0.0.1';
const PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const fileAt = async (path, type) => ({ type, body: await readFile(new URL(path, import.meta.url)) });
const files = {
  '/': await fileAt('index.html', 'text/html; charset=utf-8'),
  '/main.js': await fileAt('dist/main.js', 'text/javascript; charset=utf-8'),
  '/main.css': await fileAt('dist/main.css', 'text/css; charset=utf-8'),
};

const sandbox = await startSandbox();
const quiet = () => {};
// The sandbox and the page share its thread: late because of them is no overload.
const app = await createApp(readConfig({ HOST, PORT: '0', MAX_EVENT_LOOP_DELAY_MS: '0', ...sandbox.environment }), {
  log: { info: quiet, warn: quiet, error: console.error },
  drainMs: 0,
});
// The identity provider gives a token to anybody who asks, as only a sandbox's may.
const behind = { '/graphql': await app.listen(), '/token': sandbox.identity.url };

const page = createServer((asked, reply) => {
  const [path] = asked.url.split('?');
  const file = files[path];
  if (behind[path]) return passOn(asked, reply, behind[path]);
  if (!file) return reply.writeHead(404).end();
  reply.writeHead(200, { 'content-type': file.type, 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-store' }).end(file.body);
});

function passOn(asked, reply, base) {
  const { host: _, ...headers } = asked.headers;
  const further = request(new URL(asked.url, base), { method: asked.method, headers }, (answer) => {
    reply.writeHead(answer.statusCode, answer.headers);
    pipeline(answer, reply, () => {});
  });
  further.on('error', () => (reply.headersSent ? reply.destroy() : reply.writeHead(502).end()));
  // A browser that leaves ends what was begun for it.
  reply.on('close', () => further.destroy());
  asked.pipe(further);
}

page.on('error', async ({ code, message }) => {
  console.error(code === 'EADDRINUSE' ? 'The port is taken. Choose another one: PORT=4100 npm start' : message);
  await stop(1);
});
page.listen(Number(process.env.PORT ?? 4020), HOST, () => {
  const { port } = page.address();
  console.log(`
The web client is running at http://${HOST}:${port}

  Behind it are the contacts subgraph and a sandbox of both systems. Open these in a browser for their calls and buttons for faults:

  pms     ${sandbox.pms.url}
  cas360  ${sandbox.cas360.url}

  Or let the register fail from here, and see what stays:

  curl -X PUT ${sandbox.cas360.url}/_sandbox/faults -d '[{ "status": 503 }]'
  curl -X DELETE ${sandbox.cas360.url}/_sandbox/faults

  Every call that the two systems got:

  curl ${sandbox.pms.url}/_sandbox/calls
  curl ${sandbox.cas360.url}/_sandbox/calls

Ctrl-C ends it.
`);
});

let stopping = false;
async function stop(exitCode) {
  // npm passes on a signal that the terminal has sent here already.
  if (stopping) return;
  stopping = true;
  page.close();
  page.closeAllConnections();
  await app.stop();
  await sandbox.stop();
  process.exit(exitCode);
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(0));
