import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';

/** A section of docs/querying.md that has a query. */
interface Recipe {
  readonly title: string;
  readonly query: string;
  readonly variables: Record<string, unknown> | undefined;
  readonly scope: string | undefined;
  /** The plan of faults that the section sets, and the port of the system that it sets it on. */
  readonly faults: { readonly port: string; readonly plan: string } | undefined;
  readonly calls: string | undefined;
  readonly answer: unknown;
}

const recipes = readFileSync('docs/querying.md', 'utf8').split(/^## /m).slice(1).flatMap(recipeIn);

function recipeIn(section: string): Recipe[] {
  const blocks = (language: string): string[] => [...section.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text!);
  const [query, ...others] = blocks('graphql');
  if (query === undefined) return [];
  const title = section.split('\n', 1)[0]!;
  if (others.length > 0) throw new Error(`"${title}" has more than one query`);
  const jsons = blocks('json').map((text) => JSON.parse(text) as Record<string, unknown>);
  const [, port, plan] = /-X PUT http:\/\/127\.0\.0\.1:(\d+)\/_sandbox\/faults -d '(.*)'/.exec(section) ?? [];
  return [
    {
      title,
      query,
      variables: jsons.length > 1 ? jsons[0] : undefined,
      scope: /^Token: `(.*)`$/m.exec(section)?.[1],
      faults: port && plan ? { port, plan } : undefined,
      calls: /^Calls: (.*)\.$/m.exec(section)?.[1],
      answer: jsons.at(-1),
    },
  ];
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());
beforeEach(() => app.reset());

/** The calls that the systems got, as the page writes them. */
function callsAsWritten(): string {
  const { pms, cas360, addresses } = app.calls();
  const withWhat = app.switches().some(Boolean) ? ' with relationships' : '';
  const parts = [pms && `${pms} PMS`, cas360 && `${cas360} CAS 360 contacts${withWhat}`, addresses && `${addresses} CAS 360 addresses`];
  return parts.filter(Boolean).join(', ') || 'none';
}

/** Errors have places, not an order. */
function inOrder(answer: any): unknown {
  const place = ({ path }: { path: unknown[] }): string => path.join('.');
  return answer.errors ? { ...answer, errors: answer.errors.toSorted((a: any, b: any) => place(a).localeCompare(place(b))) } : answer;
}

describe('docs/querying.md', () => {
  test('has recipes', () => expect(recipes.length).toBeGreaterThanOrEqual(10));

  test.each(recipes)('$title', async ({ query, variables, scope, faults, calls, answer }) => {
    if (faults) {
      // The ports that `npm start` uses.
      const system = { 4011: app.sandbox.pms, 4012: app.sandbox.cas360 }[faults.port];
      const response = await fetch(`${system!.url}/_sandbox/faults`, { method: 'PUT', body: faults.plan });
      expect(response.status).toBe(204);
    }
    const { text } = await app.query(query, variables, scope === undefined ? {} : await app.bearer(scope));
    expect(inOrder(JSON.parse(text))).toEqual(inOrder(answer));
    expect(callsAsWritten()).toBe(calls);
  });
});
