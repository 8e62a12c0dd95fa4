import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSubgraph } from '../support/subgraph.js';
import { everyField } from '../support/testApp.js';
import { UNHURRIED } from '../support/unhurried.js';
import { Canaries } from './support/canaries.js';
import { MODES, startCanaryUpstream, type CanaryUpstream, type Mode } from './support/canaryUpstream.js';
import { startIssuer, type Issuer } from './support/issuer.js';
import { rawPost } from './support/rawHttp.js';

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.stop());

const canaries = new Canaries();
const EVERYTHING = `query ($ids: [ID!]!, $r: [_Any!]!) {
  contacts(ids: $ids) { ${everyField()} }
  _entities(representations: $r) { ... on Contact { name dateOfBirth } ... on Address { city lines } ... on SalesAccount { accountCode } }
}`;
const VARIABLES = {
  ids: ['pms:4711', 'cas360:54', 'cas360:555742'],
  r: [{ __typename: 'Contact', id: 'pms:4711' }, { __typename: 'Address', id: 'cas360:15' }, { __typename: canaries.at('caller.typename'), id: canaries.at('caller.id') }, canaries.at('caller.representation')],
};
/** Requests that fail, each with a word of its own. */
const BAD_BODIES = [
  `{ ${canaries.at('caller.brokenJson')}`,
  JSON.stringify({ query: `{ ${canaries.at('caller.field')} }` }),
  JSON.stringify({ query: `{ contact(id: "${canaries.at('caller.literal')}) { id } }` }),
  JSON.stringify({ query: `query ${canaries.at('caller.operation')} { contact(id: "${canaries.at('caller.malformedId')}") { name } }` }),
  JSON.stringify({ query: 'query ($ids: [ID!]!) { contacts(ids: $ids) { id } }', variables: { ids: { [canaries.at('caller.key')]: canaries.at('caller.value') } } }),
  JSON.stringify({ query: '{ __typename }', operationName: canaries.at('caller.operationName') }),
  JSON.stringify({ query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: canaries.at('caller.hash') } } }),
];

interface Run {
  /** What went out but data and metrics: what was printed, headers, refusals and errors. */
  readonly silent: string;
  readonly metrics: string;
  /** What was served to a caller without scopes, and to one with all of them. */
  readonly openData: string;
  readonly guardedData: string;
}

/** Starts the service with canaries for secrets, asks it everything in these modes of its upstream, and gathers what it said. */
async function run(program: string, modes: readonly Mode[]): Promise<Run> {
  const upstream = await startCanaryUpstream(canaries);
  const secrets = {
    PMS_CLIENT_ID: canaries.at('pms.clientId'), PMS_CLIENT_SECRET: canaries.at('pms.clientSecret'),
    CAS360_CLIENT_ID: canaries.at('cas360.clientId'), CAS360_CLIENT_SECRET: canaries.at('cas360.clientSecret'), CAS360_REFRESH_TOKEN: canaries.at('cas360.refreshToken'),
    ROUTER_SECRET: `${canaries.at('router.secret')},${canaries.at('router.nextSecret')}`,
  };
  const subgraph = await startSubgraph({ ...issuer.settings, ...secrets, PMS_BASE_URL: upstream.url, PMS_TOKEN_URL: `${upstream.url}/pms/token`, CAS360_BASE_URL: upstream.url, CAS360_SCOPE: 'cas360', ...UNHURRIED }, [program]);
  try {
    const said = await askEverything(subgraph.url, upstream, modes);
    expect([...upstream.met]).toEqual(modes);
    const metrics = await (await fetch(`${subgraph.url}/metrics`)).text();
    await subgraph.end();
    return { ...said, metrics, silent: `${said.silent}\n${subgraph.output.text}` };
  } finally {
    await subgraph.end('SIGKILL');
    await upstream.stop();
  }
}

async function askEverything(url: string, upstream: CanaryUpstream, modes: readonly Mode[]): Promise<Omit<Run, 'metrics'>> {
  const headers = [
    `router-authorization: ${canaries.at('router.secret')}`,
    ...['user-agent', 'cookie', 'x-request-id', 'x-forwarded-for', 'referer', 'apollographql-client-name', 'x-anything'].map((name) => `${name}: ${canaries.at(`header.${name}`)}`),
  ];
  const bearer = `authorization: Bearer ${canaries.add('caller.token', issuer.token({ sub: canaries.at('token.subject'), jti: canaries.at('token.id') }))}`;
  const badBearer = `authorization: Bearer ${canaries.at('caller.badToken')}.${canaries.at('caller.badToken2')}.x`;
  const silent: string[] = [];
  const data = { open: '', guarded: '' };
  const ask = async (lines: readonly string[], body: string): Promise<string> => {
    const { text, body: answer } = await rawPost(url, lines, body);
    const { data: served, ...rest } = JSON.parse(answer) as { data?: unknown };
    silent.push(text.slice(0, text.indexOf('\r\n\r\n')), JSON.stringify(rest));
    return JSON.stringify(served);
  };
  const everything = JSON.stringify({ query: EVERYTHING, variables: VARIABLES });
  for (const mode of modes) {
    upstream.mode = mode;
    data.guarded += await ask([...headers, bearer], everything);
    data.open += await ask(headers, everything);
  }
  upstream.mode = 'good';
  for (const body of BAD_BODIES) await ask([...headers, bearer], body);
  // A router that wants a trace of the operation gets one.
  await ask([...headers, bearer, 'apollo-federation-include-trace: ftv1'], everything);
  await ask([...headers, badBearer], everything);
  await ask([...headers.slice(1), `router-authorization: ${canaries.at('router.wrongSecret')}`], everything);
  return { silent: silent.join('\n'), openData: data.open, guardedData: data.guarded };
}

describe('A canary in every upstream field, secret, token and header', () => {
  let heard: Run;
  beforeAll(async () => {
    heard = await run('dist/src/main.js', MODES);
  }, 60_000);

  test('is in nothing that is printed or told as an error', () => {
    process.stdout.write(`  canaries: ${canaries.count}, ${heard.silent.length} characters searched\n`);
    expect(canaries.count).toBeGreaterThan(100);
    expect(heard.silent).toMatch(/UPSTREAM_UNAVAILABLE[^]*listening/);
    expect(canaries.foundIn(heard.silent)).toEqual([]);
  });

  test('is in no metrics, but for the name of an operation', () => {
    expect(heard.metrics).toContain('contacts_upstream_call_seconds');
    expect(canaries.foundIn(heard.metrics).filter((place) => place !== 'caller.operation')).toEqual([]);
  });

  test('is in data where the policy serves it', () => {
    expect(canaries.foundIn(heard.openData)).toEqual(expect.arrayContaining(['pms.contacts.firstName', 'cas360.addresses.suburb']));
    expect(canaries.foundIn(heard.guardedData)).toEqual(expect.arrayContaining(['pms.contacts.passportNumber', 'pms.contacts.cognitoId']));
  });

  test('is not in data that the policy does not serve', () => {
    const never = /password|clientSecret|clientId|[tT]oken|secret|header\.|caller\.|upstream\./;
    expect(canaries.foundIn(heard.guardedData).filter((place) => never.test(place))).toEqual([]);
    const guarded = /passport|socialSecurity|taxNumber|identityConfirmed|birth|salto|keyCard|cognito/i;
    expect(canaries.foundIn(heard.openData).filter((place) => guarded.test(place) || never.test(place))).toEqual([]);
  });

  test('would be found if it leaked', async () => {
    const { silent } = await run('test/security/support/leaky.ts', ['good']);
    expect(canaries.foundIn(silent)).toEqual(expect.arrayContaining(['router.secret', 'header.cookie', 'caller.token']));
  }, 60_000);

  test.each<[string, (word: string) => string]>([
    ['as it is', (word) => word],
    ['in upper case', (word) => word.toUpperCase()],
    ['in base64', (word) => Buffer.from(word).toString('base64')],
    ['in base64 after one character', (word) => Buffer.from(`x${word}yz`).toString('base64')],
    ['in base64url after two characters', (word) => Buffer.from(`xy${word}z`).toString('base64url')],
    ['in hexadecimal', (word) => Buffer.from(word).toString('hex')],
    ['percent-encoded', (word) => Array.from(word, (one) => `%${one.charCodeAt(0).toString(16)}`).join('')],
    ['escaped for JSON', (word) => Array.from(word, (one) => `\\u00${one.charCodeAt(0).toString(16)}`).join('')],
    ['as Basic credentials', (word) => Buffer.from(`client:${word}`).toString('base64')],
  ])('is recognised %s', (_form, shape) => {
    expect(canaries.foundIn(`before ${shape(canaries.at('planted'))} after`)).toEqual(['planted']);
  });
});
