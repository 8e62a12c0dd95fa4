import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { getOperationAST, getVariableValues, parse, validate, type GraphQLSchema } from 'graphql';
import { frontTab, isFirstVisit, tabStorage } from '../../graphiql/storage.js';
import { SCOPES } from '../../src/graphql/accessPolicy.js';
import { graphiqlRoutes } from '../../src/web/graphiql.js';
import { exampleTabs, nameOf } from '../../src/web/graphiqlTabs.js';

const assetsDir = 'dist/graphiql';
const hostile = { query: '{ __typename } # </script><script>alert(1)</script><!-- ' };
const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

let app: FastifyInstance;

beforeAll(async () => {
  if (!existsSync(join(assetsDir, 'manifest.json'))) {
    await promisify(execFile)(process.execPath, ['scripts/bundle-graphiql.mjs']);
  }
  app = Fastify();
  await app.register(graphiqlRoutes, { assetsDir, tabs: [hostile, ...exampleTabs()] });
}, 60_000);

afterAll(() => app.close());

const page = () => app.inject({ url: '/graphql', headers: browser });
const asset = (name: string, encoding = 'gzip, br') => app.inject({ url: `/graphiql/${name}`, headers: { 'accept-encoding': encoding } });
const served = async () => (await readdir(assetsDir)).filter((name) => !/\.(gz|json)$/.test(name));

describe('the page', () => {
  test('is served to a browser, and kept by nobody', async () => {
    const { statusCode, headers } = await page();
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      vary: 'accept',
    });
  });

  test('may run scripts of its own origin alone, and talk to it alone', async () => {
    const policy = String((await page()).headers['content-security-policy']).split('; ');
    // What is drawn needs styles in the page, and images that stand in them.
    const exceptions = ["style-src 'self' 'unsafe-inline'", 'img-src data:'];
    const own = ['script-src', 'worker-src', 'font-src', 'connect-src'].map((what) => `${what} 'self'`);
    const none = ['default-src', 'base-uri', 'form-action', 'frame-ancestors'].map((what) => `${what} 'none'`);
    expect(policy.sort()).toEqual([...own, ...none, ...exceptions].sort());
    expect(policy.join()).not.toMatch(/https?:|blob:|unsafe-eval|\*/);
  });

  test('loads only files that are there, by relative addresses', async () => {
    const loaded = [...(await page()).body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address!);
    expect(loaded).toEqual(['data:,', expect.stringMatching(/^graphiql\/main-\w+\.css$/), expect.stringMatching(/^graphiql\/main-\w+\.js$/)]);
    for (const address of loaded.slice(1)) expect((await app.inject(`/${address}`)).statusCode).toBe(200);
  });

  test('holds the tabs, which cannot end the element that they stand in', async () => {
    const { body } = await page();
    const [, data] = /<script type="application\/json" id="graphiql-settings">(.*?)<\/script>/s.exec(body)!;
    expect(JSON.parse(data!)).toEqual({ tabs: [hostile, ...exampleTabs()], showsUpstreamCalls: true });
    expect(body.match(/<script/g)).toHaveLength(2);
  });

  test.each(['GET', 'HEAD'] as const)('is where %s of the root leads to, whatever is accepted', async (method) => {
    for (const accept of [browser.accept, '*/*']) {
      const { statusCode, headers, body } = await app.inject({ method, url: '/?from=bookmark', headers: { accept } });
      expect({ statusCode, body }).toEqual({ statusCode: 302, body: '' });
      expect(headers).toMatchObject({ location: 'graphql', 'cache-control': 'no-store' });
    }
  });

  test('has the title that it is given, and no panel where the endpoint does not report its calls', async () => {
    const other = Fastify();
    await other.register(graphiqlRoutes, { assetsDir, tabs: [], title: 'supergraph', showsUpstreamCalls: false });
    const { body } = await other.inject({ url: '/graphql', headers: browser });
    expect(body).toContain('<title>supergraph: GraphiQL</title>');
    expect(body).toContain('{"tabs":[],"showsUpstreamCalls":false}');
  });

  test.each([undefined, '*/*', 'application/json'])('is not for who accepts %s: that gets 405', async (accept) => {
    const answer = await app.inject({ url: '/graphql', headers: accept ? { accept } : {} });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers).toMatchObject({ allow: 'POST', vary: 'accept' });
    expect(answer.json()).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST', retryable: false } }],
    });
  });
});

describe('the files of the page', () => {
  test('are all served with their type, for ever', async () => {
    const types = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', ttf: 'font/ttf', woff: 'font/woff', woff2: 'font/woff2' };
    const names = await served();
    expect(names.filter((name) => /^(editor|json|graphql)\.worker-\w+\.js$/.test(name))).toHaveLength(3);
    for (const name of names) {
      const { statusCode, headers } = await asset(name);
      expect(statusCode).toBe(200);
      expect(headers).toMatchObject({
        'content-type': types[name.split('.').at(-1) as keyof typeof types],
        'cache-control': 'public, max-age=31536000, immutable',
        'content-security-policy': "default-src 'none'",
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
      });
    }
  });

  test('are compressed for those who accept it', async () => {
    const script = (await served()).find((name) => /^main-\w+\.js$/.test(name))!;
    const [compressed, plain] = [await asset(script), await asset(script, 'identity')];
    expect(compressed.headers['content-encoding']).toBe('gzip');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(gunzipSync(compressed.rawPayload).equals(plain.rawPayload)).toBe(true);
  });

  test('load nothing from another host', async () => {
    for (const name of await served()) {
      if (!/\.(js|css)$/.test(name)) continue;
      const text = await readFile(join(assetsDir, name), 'utf8');
      const loads = name.endsWith('.css') ? /(?:url\(|@import)\s*["']?(?:https?:)?\/\//i : /(?:\bfrom|\bimport\s*\(?|importScripts\()\s*["'`](?:https?:)?\/\//;
      expect(text).not.toMatch(loads);
      expect(text).not.toMatch(/\bnew Function\(|\beval\(/);
    }
  });

  test.each(['manifest.json', '..%2f..%2fpackage.json', '%2e%2e%2fmanifest.json', '../package.json', 'main.js.gz', '%00', '__proto__'])(
    'are the only ones: %s is not found',
    async (name) => {
      expect((await app.inject({ url: `/graphiql/${name}` })).statusCode).toBe(404);
    },
  );
});

test('without a bundle, the start stops and says how to make one', async () => {
  await expect(graphiqlRoutes(Fastify(), { assetsDir: 'test/web/no-bundle', tabs: [] })).rejects.toThrow('Run: npm run build');
});

describe('the example tabs', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    const files = (await readdir('schema')).map((name) => readFile(join('schema', name), 'utf8'));
    schema = buildSubgraphSchema(parse((await Promise.all(files)).join('\n')));
  });

  test.each(exampleTabs().map((tab) => [nameOf(tab), tab] as const))('%s fits the schema', (_name, tab) => {
    const document = parse(tab.query);
    expect(validate(schema, document)).toEqual([]);
    const { errors } = getVariableValues(schema, getOperationAST(document)?.variableDefinitions ?? [], JSON.parse(tab.variables ?? '{}'));
    expect(errors).toBeUndefined();
    expect(tab.query).toMatch(/^# \w/);
    // Each paragraph is one line, which the editor wraps, and few enough that the query below is seen.
    expect(tab.query.match(/^#/gm)!.length).toBeLessThanOrEqual(3);
  });

  test('have names of their own', () => {
    const names = exampleTabs().map(nameOf);
    expect(names).not.toContain('');
    expect(new Set(names).size).toBe(names.length);
  });

  test('carry a token where one is given, each its own', () => {
    expect(exampleTabs().flatMap(({ headers }) => headers ?? [])).toEqual([]);
    const headers = exampleTabs({ identity: 'one', access: 'two' }).flatMap(({ headers }) => headers ?? []);
    expect(headers.map((text) => JSON.parse(text))).toEqual([{ authorization: 'Bearer one' }, { authorization: 'Bearer two' }]);
    expect(exampleTabs({ identity: 'one', access: 'two' }).flatMap(({ scope }) => scope ?? [])).toEqual(SCOPES);
  });
});

describe('what the page keeps in the browser', () => {
  const items = new Map<string, string>();
  const examples = [{ query: 'query Open { __typename }' }, { query: '# Look\nquery Guarded { __typename }', headers: '{"authorization":"Bearer today"}' }];
  const stored = (title: string) => ({ title, query: `query ${title} { changed }`, variables: null, headers: 'Bearer yesterday' });

  beforeEach(() => {
    items.clear();
    const localStorage = { getItem: (key: string) => items.get(key) ?? null, setItem: (key: string, value: string) => items.set(key, value) };
    Object.defineProperty(globalThis, 'localStorage', { value: localStorage, configurable: true });
  });

  test('has no header in it, neither of tabs nor of the history', () => {
    const storage = tabStorage(examples);
    storage.setItem('graphiql:tabState', JSON.stringify({ activeTabIndex: 0, tabs: [stored('Guarded')] }));
    storage.setItem('graphiql:queries', JSON.stringify({ queries: [stored('Guarded')] }));
    storage.setItem('graphiql:favorites', JSON.stringify({ favorites: [stored('Guarded')] }));
    storage.setItem('graphiql:headers', 'Bearer yesterday');
    storage.setItem('graphiql:theme', 'dark');
    expect([...items.keys()].map((key) => key.split(':').at(-1))).toEqual(['tabState', 'queries', 'favorites', 'theme']);
    expect(JSON.stringify([...items])).not.toContain('Bearer');
    expect(storage.getItem('graphiql:theme')).toBe('dark');
  });

  test('brings tabs back as they were left, with the headers that the examples have now', () => {
    const storage = tabStorage(examples);
    storage.setItem('graphiql:tabState', JSON.stringify({ activeTabIndex: 1, tabs: [stored('Own'), stored('Guarded')] }));
    expect(frontTab(storage, examples)).toEqual({ ...stored('Guarded'), headers: '{"authorization":"Bearer today"}' });
    expect(JSON.parse(storage.getItem('graphiql:tabState')!).tabs[0]).toEqual({ ...stored('Own'), headers: null });
  });

  test('is nothing at first: the first example is in front', () => {
    expect(frontTab(tabStorage(examples), examples)).toBe(examples[0]);
    expect(isFirstVisit(tabStorage(examples))).toBe(true);
    tabStorage(examples).setItem('graphiql:tabState', JSON.stringify({ activeTabIndex: 0, tabs: [] }));
    expect(isFirstVisit(tabStorage(examples))).toBe(false);
  });
});
