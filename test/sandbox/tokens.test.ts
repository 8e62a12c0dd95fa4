import { describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { basic, Caller } from './caller.js';
import { OpenApi } from './openApi.js';

const caller = new Caller();

describe('PMS tokens', () => {
  test('are given to a client that shows its secret in a Basic header or in the form', async () => {
    const { id, secret } = caller.sandbox.pms.client;
    const byHeader = await caller.pmsToken();
    const byForm = await caller.pmsToken({ client_id: id, client_secret: secret }, {});
    for (const { status, body } of [byHeader, byForm]) {
      expect(status).toBe(200);
      expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 3600 });
      expect(new OpenApi('pms').strictly('TokenRecord')(body)).toBe(true);
      expect((await caller.contact('4711', body.access_token)).status).toBe(200);
    }
  });

  test('are refused to others', async () => {
    const wrong = await caller.pmsToken({}, { authorization: basic({ id: 'sandbox-pms', secret: 'guess' }) });
    expect(wrong).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    const grant = await caller.pmsToken({ grant_type: 'password' });
    expect(grant).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
  });

  test('open nothing once they are over, revoked or made up', async () => {
    caller.sandbox.pms.tokenLifetimeSeconds = 0;
    const over = (await caller.pmsToken()).body;
    expect(over.expires_in).toBe(0);
    const refusal = { status: 401, body: { message: 'The incoming token has expired' } };
    expect(await caller.contact('4711', over.access_token)).toMatchObject(refusal);
    expect(await caller.contact('4711', 'made-up')).toMatchObject(refusal);
    caller.sandbox.pms.revokeTokens();
    expect(await caller.contact('4711')).toMatchObject(refusal);
    expect(await caller.contact('4711', '')).toMatchObject({ status: 401, body: { message: 'Unauthorized' } });
  });
});

describe('CAS 360 tokens', () => {
  test('come with the next refresh token, and the used one is void', async () => {
    const { cas360 } = caller.sandbox;
    const spentBefore = cas360.spentTokenUses;
    const first = await caller.cas360Token(cas360.initialRefreshToken);
    expect(first).toMatchObject({ status: 200, body: { token_type: 'bearer', expires_in: 3600, scope: 'cas360' } });
    expect(new OpenApi('cas360').strictly('TokenRecord')(first.body)).toBe(true);
    expect((await caller.cas360('/contacts/54', {}, first.body.access_token)).status).toBe(200);

    const second = await caller.cas360Token(first.body.refresh_token);
    expect(second.status).toBe(200);
    expect(second.body.refresh_token).not.toBe(first.body.refresh_token);
    expect(cas360.spentTokenUses).toBe(spentBefore);

    const again = await caller.cas360Token(first.body.refresh_token);
    expect(again).toMatchObject({ status: 401, body: { error: 'invalid_token', error_description: expect.any(String) } });
    expect(cas360.spentTokenUses).toBe(spentBefore + 1);
    expect((await caller.cas360Token(second.body.refresh_token)).status).toBe(200);
  });

  test('come without a refresh token where it does not rotate, and the used one stays good', async () => {
    const { cas360 } = caller.sandbox;
    const refreshToken = cas360.issueRefreshToken();
    const spentBefore = cas360.spentTokenUses;
    expect((await caller.turn('PUT', 'token', { rotates: false })).status).toBe(204);
    for (let use = 0; use < 3; use++) {
      const { status, body } = await caller.cas360Token(refreshToken);
      expect([status, body]).toEqual([200, { access_token: expect.any(String), token_type: 'bearer', expires_in: 3600, scope: 'cas360' }]);
      expect(new OpenApi('cas360').strictly('TokenRecord')(body)).toBe(true);
      expect((await caller.cas360('/contacts/54', {}, body.access_token)).status).toBe(200);
    }
    await caller.turn('PUT', 'token', { rotates: true });
    expect((await caller.cas360Token(refreshToken)).body.refresh_token).not.toBe(refreshToken);
    expect((await caller.cas360Token(refreshToken)).body.error).toBe('invalid_token');
    expect(cas360.spentTokenUses).toBe(spentBefore + 1);
  });

  test('are refused without the secret, the scope, the right grant or a known refresh token', async () => {
    const { cas360 } = caller.sandbox;
    const unused = cas360.issueRefreshToken();
    const spentBefore = cas360.spentTokenUses;
    const refusal = (status: number, error: string) => ({ status, body: { error } });
    const password = { grant_type: 'password' };
    expect(await caller.cas360Token(unused, {}, 'Basic bm9ib2R5')).toMatchObject(refusal(401, 'invalid_client'));
    expect(await caller.cas360Token(unused, { scope: '' })).toMatchObject(refusal(400, 'invalid_scope'));
    expect(await caller.cas360Token(unused, password)).toMatchObject(refusal(400, 'unsupported_grant_type'));
    expect(await caller.cas360Token('made-up')).toMatchObject(refusal(401, 'invalid_token'));
    expect(cas360.spentTokenUses).toBe(spentBefore);
    expect((await caller.cas360Token(unused)).status).toBe(200);
  });

  test('open nothing once they are over, revoked or made up', async () => {
    caller.sandbox.cas360.tokenLifetimeSeconds = 0;
    const over = (await caller.cas360Token(caller.sandbox.cas360.issueRefreshToken())).body.access_token;
    const refusal = { status: 401, body: { error: 'invalid_token' } };
    expect(await caller.cas360('/contacts/54', {}, over)).toMatchObject(refusal);
    expect(await caller.cas360('/addresses/15', {}, 'made-up')).toMatchObject(refusal);
    caller.sandbox.cas360.revokeTokens();
    expect(await caller.cas360('/contacts/54')).toMatchObject(refusal);
    expect(await caller.cas360('/contacts/54', { headers: {} })).toMatchObject({ status: 401, body: { error: 'unauthorized' } });
  });
});

describe('tokens of callers', () => {
  const verify = (token: string) => {
    const { AUTH_JWKS_URL, AUTH_ISSUER, AUTH_AUDIENCE } = caller.sandbox.environment;
    return jwtVerify(token, createRemoteJWKSet(new URL(AUTH_JWKS_URL!)), { issuer: AUTH_ISSUER!, audience: AUTH_AUDIENCE! });
  };

  test('verify with the settings in the environment', async () => {
    const { identity } = caller.sandbox;
    const { payload } = await verify(await identity.token({ scopes: ['contact:identity', 'contact:access'], subject: 'ada' }));
    expect(payload).toMatchObject({ scope: 'contact:identity contact:access', sub: 'ada' });
    const order = await fetch(`${identity.url}/token?scope=contact:identity+contact:access`);
    const { access_token: token } = (await order.json()) as { access_token: string };
    expect((await verify(token)).payload.scope).toBe('contact:identity contact:access');
  });

  test('can be over from the start', async () => {
    const token = await caller.sandbox.identity.token({ scopes: [], expiresInSeconds: -60 });
    await expect(verify(token)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  });
});
