import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Cas360Sandbox } from '../../sandbox/cas360.js';
import { basic, Caller, type Reply } from './caller.js';

const caller = new Caller();
const REDIRECT = 'http://127.0.0.1:4014/callback?from=here';

/** One request to the page, with no cookie and no browser. */
async function page(change: Record<string, string | undefined>, form?: Record<string, string>, url = caller.sandbox.cas360.url): Promise<{ status: number; text: string; location: URL | undefined }> {
  const usual = { response_type: 'code', client_id: 'sandbox-cas360', scope: 'cas360', redirect_uri: REDIRECT, state: 'a b&c' };
  const query = new URLSearchParams(Object.entries<string | undefined>({ ...usual, ...change }).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const response = await fetch(`${url}/oauth/authorize?${query}`, { redirect: 'manual', ...(form && { method: 'POST', body: new URLSearchParams(form) }) });
  const location = response.headers.get('location');
  return { status: response.status, text: await response.text(), location: location === null ? undefined : new URL(location) };
}

async function approved(url?: string): Promise<string> {
  const { location } = await page({ approve: 'yes' }, undefined, url);
  return location!.searchParams.get('code')!;
}

const exchange = (code: string, change: Record<string, string> = {}, authorization?: string): Promise<Reply> =>
  caller.cas360Token('', { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, ...change }, authorization);

describe('The page on which a person approves', () => {
  test('names the client and the scope, and has two buttons', async () => {
    const { status, text, location } = await page({ scope: '<i>&"cas360"' });
    expect([status, location]).toEqual([200, undefined]);
    expect(text).toContain('<b>sandbox-cas360</b> asks for the scope <b>&lt;i&gt;&amp;&quot;cas360&quot;</b>');
    expect(text).toMatch(/<form method="post">.*value="yes">Approve<.*value="no">Deny</s);
  });

  test.each([
    ['a button', {}, { approve: 'yes' }],
    ['the query, for curl', { approve: 'yes' }, undefined],
  ] as const)('leads back with a code and the state after %s', async (_what, change, form) => {
    const { status, location } = await page(change, form);
    expect(status).toBe(302);
    expect(location!.href).toMatch(/^http:\/\/127\.0\.0\.1:4014\/callback\?from=here&code=code-/);
    expect(location!.searchParams.get('state')).toBe('a b&c');
  });

  test.each([
    ['a button', {}, { approve: 'no' }],
    ['the query, for curl', { approve: 'no' }, undefined],
  ] as const)('leads back with access_denied and no code after %s that denies', async (_what, change, form) => {
    const { searchParams } = (await page(change, form)).location!;
    expect([searchParams.get('error'), searchParams.get('state'), searchParams.has('code')]).toEqual(['access_denied', 'a b&c', false]);
  });

  test.each([
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no scope', { scope: undefined }, 'invalid_scope'],
  ])('leads back with an error for %s, whoever approves', async (_what, change, error) => {
    const { searchParams } = (await page({ ...change, approve: 'yes' })).location!;
    expect([searchParams.get('error'), searchParams.has('code')]).toEqual([error, false]);
  });

  test('leads back without a state if it was given none', async () => {
    expect((await page({ state: undefined, approve: 'yes' })).location!.searchParams.has('state')).toBe(false);
  });

  test.each([
    ['an unknown client', { client_id: '<b>them</b>' }, 'no such client: &lt;b&gt;them'],
    ['no client', { client_id: undefined }, 'no such client'],
    ['a relative redirect', { redirect_uri: '/callback' }, 'must be an absolute'],
    ['no redirect', { redirect_uri: undefined }, 'must be an absolute'],
    ['a redirect of another kind', { redirect_uri: 'javascript:alert(1)' }, 'must be an absolute'],
    ['a redirect with a fragment', { redirect_uri: `${REDIRECT}#` }, 'must be an absolute'],
  ])('leads nowhere with %s: an error page says why', async (_what, change, said) => {
    for (const decision of [undefined, 'yes', 'no']) {
      const { status, text, location } = await page({ ...change, approve: decision });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(location).toBeUndefined();
      expect(text).toContain(said);
    }
  });

  test('is no call: it is neither recorded nor hit by faults, and others keep their answers', async () => {
    caller.sandbox.cas360.faults.set([{ on: 'token', status: 503 }, { status: 503 }]);
    expect((await page({})).status).toBe(200);
    expect(caller.sandbox.cas360.calls).toHaveLength(0);
    const { status } = await fetch(`${caller.sandbox.cas360.url}/oauth/authorize`, { method: 'DELETE' });
    expect(status).toBe(404);
    expect((await fetch(`${caller.sandbox.pms.url}/oauth/authorize`)).status).toBe(404);
  });
});

describe('A code', () => {
  test('gives an access token, and a refresh token that rotates', async () => {
    const { status, body } = await exchange(await approved());
    expect([status, body]).toEqual([200, { access_token: expect.any(String), token_type: 'bearer', expires_in: 3600, refresh_token: expect.any(String), scope: 'cas360' }]);
    expect((await caller.cas360('/contacts/54', {}, body.access_token)).status).toBe(200);
    const next = await caller.cas360Token(body.refresh_token);
    expect(next.status).toBe(200);
    expect((await caller.cas360Token(body.refresh_token)).status).toBe(401);
    expect((await caller.cas360Token(next.body.refresh_token)).status).toBe(200);
  });

  test('that is used twice voids all that came of it, and nothing else', async () => {
    const [code, other] = [await approved(), (await exchange(await approved())).body];
    const given = (await exchange(code)).body;
    const next = (await caller.cas360Token(given.refresh_token)).body;
    expect(await exchange(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    for (const accessToken of [given.access_token, next.access_token]) expect((await caller.cas360('/contacts/54', {}, accessToken)).status).toBe(401);
    expect((await caller.cas360Token(next.refresh_token)).body.error).toBe('invalid_token');
    expect((await caller.cas360('/contacts/54', {}, other.access_token)).status).toBe(200);
    expect((await caller.cas360Token(other.refresh_token)).status).toBe(200);
  });

  test('is for its redirect, and errors repeat it', async () => {
    const code = await approved();
    const refused = { status: 400, body: { error: 'invalid_grant', error_description: expect.stringContaining(code) } };
    expect(await exchange(code, { redirect_uri: 'http://127.0.0.1:4014/callback' })).toMatchObject(refused);
    expect(await exchange(code, { redirect_uri: '' })).toMatchObject(refused);
    expect(await exchange(`${code}x`)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await exchange(code)).status).toBe(200);
  });

  test('is not used up by a request without the secret or the scope', async () => {
    const code = await approved();
    expect(await exchange(code, {}, basic({ id: 'sandbox-cas360', secret: 'guess' }))).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(await exchange(code, { scope: '' })).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    expect((await exchange(code)).status).toBe(200);
  });
});

describe('With a clock of the test', () => {
  let nowMs = 0;
  const cas360 = new Cas360Sandbox(1, () => nowMs);
  beforeAll(() => cas360.start(0));
  afterAll(() => cas360.stop());

  test.each([
    [59_999, 200],
    [60_000, 400],
  ])('a code that is %i ms old answers %i', async (ageMs, status) => {
    const code = await approved(cas360.url);
    nowMs += ageMs;
    const query = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, scope: 'cas360' });
    expect((await fetch(`${cas360.url}/oauth/token?${query}`, { method: 'POST', headers: { authorization: basic(cas360.client) } })).status).toBe(status);
  });
});
