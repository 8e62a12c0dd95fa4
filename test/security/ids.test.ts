import { createServer, type Server } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { parseAddressId, parseContactId } from '../../src/ids.js';
import { getAddresses, getContacts } from '../../src/upstream/cas360/client.js';
import type { Endpoint } from '../../src/upstream/endpoint.js';
import { getContact } from '../../src/upstream/pms/client.js';
import { anyText } from '../support/anyText.js';
import { LONG_RUN } from '../support/longRun.js';
import { FOREVER } from '../support/upstreamDouble.js';
import { newDraw, type Draw } from './support/draw.js';

const IDS = LONG_RUN ? 1_000_000 : 15_000;
const OVER_HTTP = LONG_RUN ? 20_000 : 2_000;
const AT_ONCE = 200;

/** Every address that an upstream may ever see, tokens aside. */
const TEMPLATES = /^(\/api\/v3\/contacts\/[1-9]\d{0,18}|\/contacts\/[1-9]\d{0,18}(,[1-9]\d{0,18})*\?offset=0&limit=500(&relationships=true)?|\/addresses\/[1-9]\d{0,18}(,[1-9]\d{0,18})*)$/;

const PIECES = [
  '..', '../', '..\\', './', '//', '\\\\', '/', '\\', '%2e', '%2E%2e%2f', '%2f', '%5c', '%00', '%0d%0a', '%25', '\r\n', '\n', '\r', '\t', ' ', '\0', '?', '#', '&', ';', ',', ':', '@', '=', '+', '-', '.', 'e', '0x',
  '?offset=1', '&relationships=true', 'http://', 'https://evil.example', '//evil.example', '@evil.example', ' HTTP/1.1\r\nhost: evil.example\r\n\r\n', 'GET / HTTP/1.1',
  '__proto__', 'constructor', 'prototype', 'toString', 'null', 'undefined', 'NaN', 'Infinity', 'true', '[object Object]',
  '１２', '٣', '१', '²', '½', '\u200b', '\u00a0', '\ufeff', '\u202e', '\u2028', 'ⅳ', '\ud800', '💥', 'é',
  '0', '00', '01', '1', '54', '4711', '9007199254740993', '9223372036854775807', '18446744073709551616', '99999999999999999999', '1e3', '1_000', '1n', '-1',
  'pms', 'cas360', 'pms:', 'cas360:', 'PMS:', 'Cas360:', 'pms:4711/51', 'cas360:15', 'orders:',
];

function drawnId(draw: Draw): string {
  const piece = (): string => (draw.below(3) ? draw.one(PIECES) : draw.text(1 + draw.below(21), '0123456789'));
  const pieces = Array.from({ length: 1 + draw.below(4) }, piece).join('');
  const prefix = draw.one(['pms:', 'cas360:', 'pms:', 'cas360:', '']);
  return draw.below(8) ? prefix + pieces : String.fromCodePoint(draw.below(0xd800)) + prefix + pieces;
}

/** Keeps what it is asked for, and has nothing. */
class RecordingEndpoint {
  readonly paths: string[] = [];

  getJson({ path }: { path: string }): Promise<unknown> {
    this.paths.push(path);
    return Promise.resolve([]);
  }
}

/** Whether this id is well formed, by another reading than the program's: the parts, the digits one by one, the length. */
function isWellFormed(id: string): boolean {
  const [prefix, number = '', ...rest] = id.split(':');
  const digits = Array.from(number).every((one) => '0123456789'.includes(one));
  return rest.length === 0 && (prefix === 'pms' || prefix === 'cas360') && digits && number.length >= 1 && number.length <= 19 && !number.startsWith('0');
}

describe('Whatever ids are drawn, upstreams see no address outside the templates:', () => {
  const upstream = new RecordingEndpoint();
  const endpoint = upstream as unknown as Endpoint;
  const ask = async (id: unknown): Promise<boolean> => {
    const contact = parseContactId(id);
    const address = parseAddressId(id);
    if (contact?.source === 'PMS') await getContact(endpoint, contact.sourceId, FOREVER).catch(() => {});
    if (contact?.source === 'CAS360') await getContacts(endpoint, [contact.sourceId, '54'], contact.sourceId.length % 2 === 0, FOREVER);
    if (address?.source === 'PMS') await getContact(endpoint, address.sourceId, FOREVER).catch(() => {});
    if (address?.source === 'CAS360') await getAddresses(endpoint, [address.sourceId], FOREVER);
    return contact !== null;
  };
  const offTemplate = (): string[] => upstream.paths.splice(0).filter((path) => !TEMPLATES.test(path));

  test('many, out of pieces that have done harm elsewhere', async () => {
    const draw = newDraw('ids');
    const misjudged: string[] = [];
    let good = 0;
    let asked = 0;
    const off: string[] = [];
    for (let n = 0; n < IDS; n++) {
      const id = drawnId(draw);
      const accepted = await ask(id);
      if (accepted !== isWellFormed(id)) misjudged.push(id);
      if (accepted) good++;
      if (upstream.paths.length > 10_000) {
        asked += upstream.paths.length;
        off.push(...offTemplate());
      }
    }
    asked += upstream.paths.length;
    off.push(...offTemplate());
    process.stdout.write(`  ids: ${IDS} drawn, ${good} well formed, ${asked} addresses\n`);
    // A few of them tell enough.
    expect([misjudged.slice(0, 10), off.slice(0, 10)]).toEqual([[], []]);
    expect(good).toBeGreaterThan(IDS / 100);
    expect(good).toBeLessThan(IDS / 2);
  }, 300_000);

  test('anything at all, of any type', async () => {
    // fc.webUrl() makes a table of all characters first.
    const url = fc.tuple(fc.constantFrom('http://', 'https://'), fc.domain(), fc.array(anyText().map((part) => `/${encodeURIComponent(part)}`))).map(([scheme, host, path]) => scheme + host + path.join(''));
    const numbered = fc.tuple(fc.constantFrom('pms:', 'cas360:'), fc.oneof(anyText(), fc.bigInt().map(String), fc.stringMatching(/^[0-9]{1,22}$/), url)).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.oneof(numbered, anyText(), fc.anything()), async (id) => {
        // An assertion of jest's for each would take a part of the time.
        if ((await ask(id)) !== (typeof id === 'string' && isWellFormed(id))) throw new Error('Misjudged');
        if (offTemplate().length > 0) throw new Error('Off the templates');
      }),
      { numRuns: LONG_RUN ? 20_000 : 5_000 },
    );
  }, 60_000);
});

describe('Over HTTP, too, whatever way an id comes in:', () => {
  const requestLines: string[] = [];
  const servers: Server[] = [];
  let app: App;
  let url: string;

  /** Reads requests byte for byte, so that no parser hides what is in them. */
  const recordingServer = async (): Promise<string> => {
    const server = createServer((socket) => {
      let text = '';
      socket.on('error', () => {});
      socket.on('data', (piece) => {
        text += piece.toString('latin1');
        for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
          const head = text.slice(0, end);
          const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
          if (text.length < end + 4 + length) return;
          text = text.slice(end + 4 + length);
          const isToken = head.startsWith('POST ');
          if (!isToken) requestLines.push(head.split('\r\n')[0]!);
          const body = isToken ? '{"access_token":"access","token_type":"bearer","expires_in":3600,"refresh_token":"next"}' : '[]';
          const status = head.startsWith('GET /api/v3/') ? '404 Not Found' : '200 OK';
          socket.write(`HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  };

  beforeAll(async () => {
    const [pms, cas360] = [await recordingServer(), await recordingServer()];
    const config = readConfig({
      HOST: '127.0.0.1', PORT: '0', MAX_EVENT_LOOP_DELAY_MS: '0',
      PMS_BASE_URL: pms, PMS_TOKEN_URL: `${pms}/token`, PMS_CLIENT_ID: 'id', PMS_CLIENT_SECRET: 'secret',
      CAS360_BASE_URL: cas360, CAS360_CLIENT_ID: 'id', CAS360_CLIENT_SECRET: 'secret', CAS360_REFRESH_TOKEN: 'refresh',
    });
    const quiet = (): void => {};
    app = await createApp(config, { log: { info: quiet, warn: quiet, error: quiet }, drainMs: 0, breakersAreOff: true });
    url = await app.listen();
  });
  afterAll(async () => {
    await app.stop();
    for (const server of servers) server.close();
  });

  test('in variables, in representations and written into the document', async () => {
    const draw = newDraw('ids over HTTP');
    for (let sent = 0; sent < OVER_HTTP; sent += AT_ONCE) {
      const ids = Array.from({ length: AT_ONCE }, () => drawnId(draw).toWellFormed());
      const query = `query ($ids: [ID!]!, $r: [_Any!]!) {
        contacts(ids: $ids) { name relationships { type } }
        _entities(representations: $r) { ... on Contact { name } ... on Address { city } ... on SalesAccount { accountCode } }
        contact(id: ${JSON.stringify(ids[0])}) { name }
      }`;
      const types = ['Contact', 'Address', 'SalesAccount', '__proto__'];
      const r = ids.map((id, n) => ({ __typename: types[n % 4], id, contact: { id } }));
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables: { ids, r } }) });
      expect([200, 400]).toContain(response.status);
      await response.text();
    }
    process.stdout.write(`  ids over HTTP: ${OVER_HTTP} drawn, ${requestLines.length} calls\n`);
    expect(requestLines.length).toBeGreaterThan(10);
    expect(requestLines.filter((line) => !/^GET \S+ HTTP\/1\.1$/.test(line) || !TEMPLATES.test(line.split(' ')[1]!))).toEqual([]);
  }, 120_000);
});
