import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AnswerBudget } from '../../src/graphql/limits/answerBudget.js';
import { Turns } from '../../src/graphql/limits/turns.js';
import { createGraphqlServer } from '../../src/graphql/server.js';
import { readTypeDefs } from '../../src/graphql/schema.js';
import { LONG_RUN } from '../support/longRun.js';
import { startTestApp, type Answer, type TestApp } from '../support/testApp.js';
import { operations, type Operation } from './drawnOperations.js';

const DRAWN = Number(process.env.DRAWN_DOCUMENTS ?? (LONG_RUN ? 100_000 : 75));
const SIGHTS = [1, 2, 3];

let compiling: TestApp;
let plain: TestApp;

beforeAll(async () => {
  const limits = { MAX_ALIASES: '1000', MAX_DEPTH: '100', MAX_DIRECTIVES: '1000' };
  [compiling, plain] = await Promise.all([startTestApp(limits, { compilingShare: Infinity }), startTestApp({ ...limits, JIT: 'false' })]);
  for (const { sandbox } of [compiling, plain]) {
    // One contact of each system cannot be had, whoever asks for it.
    sandbox.pms.faults.set([{ ids: ['66'], status: 403 }]);
    sandbox.cas360.faults.set([{ ids: ['66'], status: 403 }]);
  }
});
afterAll(() => Promise.all([compiling.stop(), plain.stop()]));

/**
 * The whole answer; the errors in the order of their places, since nothing says which comes first. Where a root field took all
 * data away, only its error: graphql-js does not wait for the others, so their errors are there or not by chance.
 */
function comparable({ status, data, errors }: Answer): unknown {
  const lasting = data === null ? errors?.filter(({ path = [] }) => path.length < 2) : errors;
  return { status, data, errors: lasting?.map((error) => JSON.stringify(error)).sort() };
}

async function both({ query, variables }: Operation, scopes: readonly string[]): Promise<unknown> {
  const headersFor = async (app: TestApp): Promise<Record<string, string>> => (scopes.length === 0 ? {} : app.bearer(...scopes));
  const expected = comparable(await plain.query(query, variables, await headersFor(plain)));
  const headers = await headersFor(compiling);
  // Interpreted, compiled, and compiled before.
  for (const sight of SIGHTS) {
    expect({ sight, ...(comparable(await compiling.query(query, variables, headers)) as object) }).toEqual({ sight, ...(expected as object) });
  }
  return expected;
}

test(`${DRAWN} drawn operations have the same answer from both executors`, async () => {
  const seen = { data: 0, errors: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(operations, fc.subarray(['contact:identity', 'contact:access']), async (operation, scopes) => {
      const { status, errors } = (await both(operation, scopes)) as { status: number; errors?: string[] };
      if (status !== 200) seen.refused++;
      else if (errors) seen.errors++;
      else seen.data++;
    }),
    { numRuns: DRAWN },
  );
  process.stdout.write(`executors: of ${DRAWN} drawn operations ${seen.data} without errors, ${seen.errors} with some, ${seen.refused} refused\n`);
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(DRAWN / 100);
}, 400_000 + 200 * DRAWN);

type Server = ReturnType<typeof createGraphqlServer>;
type Broken = () => unknown;
const BREAKING: [string, Broken][] = [
  ['rejects', () => Promise.reject(new Error('CANARY'))],
  ['throws', () => { throw new Error('CANARY'); }],
  ['is an error', () => new Error('CANARY')],
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  ['rejects with nothing', () => Promise.reject()],
  ['is of another kind', () => 'CANARY'],
  ['gives what throws when it is read', () => brittle],
  ['promises what throws when it is read', async () => brittle],
  ['gives a list of what throws when it is read', () => [contact, brittle]],
  ['promises a list of what throws when it is read', async () => [contact, brittle]],
  ['gives a list of promises of what throws when it is read', () => [contact, Promise.resolve(brittle)]],
];
const contact = { __typename: 'Contact', id: 'pms:1', address: null, addressHolder: null };
const brittle = {
  __typename: 'Contact',
  id: 'pms:2',
  get name(): never {
    throw new Error('CANARY');
  },
  get city(): never {
    throw new Error('CANARY');
  },
};

describe('A loader that breaks', () => {
  const limits = { maxTokens: 1000, maxDepth: 12, maxAliases: 50, maxDirectives: 50, maxRootFields: 10, maxEntitiesFields: 5, maxRepresentations: 2000, maxVariablesDepth: 12, maxAliasCharacters: 200, maxRepeats: 100, maxIds: 1000, maxAnswerFields: 250_000 };
  const log = { info() {}, warn() {}, error() {} };
  const [plainServer, compilingServer] = [false, true].map((compile) =>
    createGraphqlServer({ typeDefs: readTypeDefs('schema'), introspection: false, limits, maxAnswerBytes: 16_777_216, compile, maxAgeSeconds: 0, log, onOperation() {} }),
  ) as [Server, Server];
  beforeAll(() => Promise.all([plainServer.start(), compilingServer.start()]));
  afterAll(() => Promise.all([plainServer.stop(), compilingServer.stop()]));

  test.each(BREAKING)('and %s is the same for both', async (how, broken) => {
    const loaders = { contacts: { byId: (id: string) => (id === 'pms:1' ? contact : broken()), byIds: broken }, addresses: { ofContact: broken } };
    // Operations of its own: what was asked for before is compiled at once.
    const name = how.replaceAll(' ', '_');
    const answers = async (server: Server): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const selected of ['contact(id: "pms:2") { name }', 'contacts(ids: ["pms:1"]) { name } contact(id: "pms:1") { id }', 'contact(id: "pms:1") { id address { city } }']) {
        for (let sight = 0; sight < 3; sight++) {
          const contextValue = { scopes: new Set<string>(), loaders, contactNeeds: new Map(), addressNeeds: new Map(), observers: {}, answer: new AnswerBudget(limits, new Turns()) } as never;
          const { body } = await server.executeOperation({ query: `query ${name} { ${selected} }` }, { contextValue });
          found.push(JSON.parse(JSON.stringify(body)));
        }
      }
      return found;
    };
    const plainAnswers = await answers(plainServer);
    expect(await answers(compilingServer)).toEqual(plainAnswers);
    expect(JSON.stringify(plainAnswers)).not.toContain('CANARY');
  });
});
