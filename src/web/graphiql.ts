import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Tab } from './graphiqlTabs.js';
import { refuseMethod, vary } from './replies.js';

/** What the page is told. */
export interface PageSettings {
  /** The examples. */
  tabs: readonly Tab[];
  /** Whether the endpoint reports and plans its upstream calls. */
  showsUpstreamCalls: boolean;
}

export interface GraphiqlOptions {
  /** The output of scripts/bundle-graphiql.mjs. */
  assetsDir: string;
  tabs: readonly Tab[];
  showsUpstreamCalls?: boolean;
  /** What the endpoint is called in the title. */
  title?: string;
}

interface Asset {
  type: string;
  body: Buffer;
  gzipped: Buffer | undefined;
}

/** Allows only our own scripts, and no other host. Monaco adds inline styles; the icons are inline. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': pagePolicy,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const assetHeaders = {
  // The name of a file changes with its contents.
  'cache-control': 'public, max-age=31536000, immutable',
  // A worker obeys the policy of its own file, not the page's.
  'content-security-policy': "default-src 'none'",
  'x-content-type-options': 'nosniff',
  vary: 'accept-encoding',
};

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

/**
 * Serves GraphiQL to browsers at `GET /graphql`, to which `GET /` leads, and its files below `/graphiql/`. Reads all files now, so that no request
 * can name a path. Addresses in the page are relative: it works at any host, port and prefix.
 */
export async function graphiqlRoutes(app: FastifyInstance, { assetsDir, tabs, showsUpstreamCalls = true, title = 'contacts' }: GraphiqlOptions): Promise<void> {
  const page = await pageOf(assetsDir, title, { tabs, showsUpstreamCalls });
  const assets = await assetsIn(assetsDir);

  app.get('/', (_request, reply) => reply.header('cache-control', 'no-store').redirect('graphql'));

  app.get('/graphql', (request, reply) => {
    vary(reply, 'accept');
    if (!request.headers.accept?.includes('text/html')) return refuseMethod(reply);
    return reply.headers(pageHeaders).send(page);
  });

  app.get<{ Params: { name: string } }>('/graphiql/:name', (request, reply) => {
    const asset = assets.get(request.params.name);
    if (!asset) {
      reply.callNotFound();
      return reply;
    }
    const gzipped = request.headers['accept-encoding']?.includes('gzip') ? asset.gzipped : undefined;
    if (gzipped) reply.header('content-encoding', 'gzip');
    return reply.headers(assetHeaders).type(asset.type).send(gzipped ?? asset.body);
  });
}

async function pageOf(assetsDir: string, title: string, settings: PageSettings): Promise<string> {
  const manifest = await readFile(join(assetsDir, 'manifest.json'), 'utf8').catch((cause: unknown) => {
    throw new Error(`GraphiQL is switched on, but ${assetsDir} holds no bundle of it. Run: npm run build`, { cause });
  });
  const { script, style } = JSON.parse(manifest) as { script: string; style: string };
  // Without a `<`, no example can close the script element.
  const data = JSON.stringify(settings).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}: GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="graphiql/${style}">
<script type="application/json" id="graphiql-settings">${data}</script>
<script type="module" src="graphiql/${script}"></script>
</head>
<body>
<div id="graphiql"></div>
<noscript>GraphiQL needs JavaScript. The endpoint answers POST requests without it.</noscript>
</body>
</html>
`;
}

async function assetsIn(dir: string): Promise<Map<string, Asset>> {
  const names = await readdir(dir);
  const read = async (name: string): Promise<[string, Asset][]> => {
    const type = types[extname(name)];
    if (!type) return [];
    const gzipped = names.includes(`${name}.gz`) ? await readFile(join(dir, `${name}.gz`)) : undefined;
    return [[name, { type, body: await readFile(join(dir, name)), gzipped }]];
  };
  return new Map((await Promise.all(names.map(read))).flat());
}
