import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readDemoConfig } from '../../sandbox/demoConfig.js';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import type { Config } from '../../src/config.js';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

/** What a real account's settings may be: each is given, empty, or not there. */
const REAL = {
  PMS_BASE_URL: 'https://pms.real.test/',
  PMS_TOKEN_URL: 'https://pms.real.test/token',
  PMS_CLIENT_ID: 'real-pms',
  PMS_CLIENT_SECRET: 'real-pms-secret',
  CAS360_BASE_URL: 'https://cas.real.test/',
  CAS360_TOKEN_URL: 'https://cas.real.test/token',
  CAS360_CLIENT_ID: 'real-cas360',
  CAS360_CLIENT_SECRET: 'real-cas360-secret',
  CAS360_REFRESH_TOKEN: 'real-refresh-token',
  AUTH_JWKS_URL: 'https://id.real.test/jwks',
  AUTH_ISSUER: 'https://id.real.test/',
  AUTH_AUDIENCE: 'real',
};
const drawn = fc.record(Object.fromEntries(Object.entries(REAL).map(([name, value]) => [name, fc.constantFrom(value, value, value, '', ' ')])), { requiredKeys: [] });

/** The real, or the sandbox's, of all that is sent to a system or checked of a caller. */
function ownersOf({ pms, cas360, auth }: Config): string[][] {
  const owner = (value: string | URL | undefined): string => (/real/.test(String(value)) ? 'real' : 'sandbox');
  return [
    [pms!.baseUrl, pms!.tokenUrl, pms!.clientId, pms!.clientSecret],
    [cas360!.baseUrl, cas360!.tokenUrl, cas360!.clientId, cas360!.clientSecret, cas360!.refreshToken],
    auth ? [auth.jwksUrl, auth.issuer, auth.audience] : [],
  ].map((values) => values.map(owner));
}

describe('the settings of npm start', () => {
  test('never mix an account of the sandbox with a real one, and never let its issuer open a real system', () => {
    let [accepted, refused] = [0, 0];
    fc.assert(
      fc.property(drawn, (env) => {
        try {
          const { config, standIns, issuesTokens } = readDemoConfig(env, sandbox);
          const [pms, cas360, auth] = ownersOf(config);
          expect(new Set(pms)).toEqual(new Set([standIns.includes('PMS') ? 'sandbox' : 'real']));
          // Without a token URL of its own, a real CAS 360 has one below its base.
          expect(new Set(cas360)).toEqual(new Set([standIns.includes('CAS360') ? 'sandbox' : 'real']));
          expect(new Set(auth).size).toBeLessThanOrEqual(1);
          for (const source of standIns) expect(Object.entries(env).filter(([name, value]) => name.startsWith(source) && value?.trim())).toEqual([]);
          if (auth!.includes('sandbox')) expect([standIns.length, issuesTokens]).toEqual([2, true]);
          accepted++;
        } catch (error) {
          expect(String(error)).toContain('SettingsError: The settings cannot be used:');
          refused++;
        }
      }),
      { numRuns: 3_000, examples: [[{}], [REAL]] },
    );
    expect([accepted > 5, refused > 1_000]).toEqual([true, true]);
  });

  test('are the given ones, whatever the sandbox has; a scope too, and certificates and paces', () => {
    const { config } = readDemoConfig({ CAS360_SCOPE: 'mine', PMS_SCOPE: 'mine too', PMS_MAX_RATE: '7', CAS360_MAX_IDS: '3', HOST: '0.0.0.0', GRAPHIQL: 'false' }, sandbox);
    expect(config).toMatchObject({ host: '0.0.0.0', graphiql: false, pms: { scope: 'mine too', maxRate: 7 }, cas360: { scope: 'mine', maxIds: 3 } });
    expect(readDemoConfig({}, sandbox).config).toMatchObject({ host: '127.0.0.1', graphiql: true, cas360: { scope: 'cas360' } });
    expect(() => readDemoConfig({ PMS_CLIENT_CERT_FILE: '/nowhere' }, sandbox)).toThrow('PMS_CLIENT_CERT_FILE points to a file that cannot be read');
  });

  test('keep the hosts that are called without a proxy, and add the sandbox', () => {
    const ours = [sandbox.pms, sandbox.cas360, sandbox.identity].map(({ url }) => new URL(url).host).join(',');
    for (const [env, expected] of [[{}, ours], [{ NO_PROXY: 'a.test, b.test' }, `a.test, b.test,${ours}`], [{ NO_PROXY: 'a.test', no_proxy: 'b.test' }, `b.test,${ours}`]] as const) {
      expect(readDemoConfig(env, sandbox).config.proxies.noProxy).toBe(expected);
    }
  });
});
