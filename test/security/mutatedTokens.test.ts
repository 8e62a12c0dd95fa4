import { sign } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createCallers, type Callers } from '../../src/web/callers.js';
import { LONG_RUN } from '../support/longRun.js';
import { newDraw, type Draw } from './support/draw.js';
import { compact, es256, rs256, startIssuer, type Issuer } from './support/issuer.js';

const TOKENS = LONG_RUN ? 100_000 : 4_000;
const AT_ONCE = 64;
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

let issuer: Issuer;
let callers: Callers;
beforeAll(async () => {
  issuer = await startIssuer();
  callers = createCallers({ jwksUrl: new URL(issuer.settings.AUTH_JWKS_URL!), issuer: issuer.url, audience: 'contacts' });
});
afterAll(() => issuer.stop());

const isAccepted = (token: string): Promise<boolean> => callers(`Bearer ${token}`).then(() => true, () => false);

const goodTokens = (): string[] => {
  const { privateKeys } = issuer;
  return [
    issuer.token(),
    compact({ alg: 'RS256', kid: 'rsa' }, issuer.claims(), rs256(privateKeys.rsa)),
    compact({ alg: 'EdDSA', kid: 'ed25519' }, issuer.claims({ scope: 'contact:identity' }), (input) => sign(null, Buffer.from(input), privateKeys.ed25519)),
    compact({ alg: 'ES256', kid: 'p256' }, issuer.claims({ sub: 'somebody else', scope: '' }), es256(privateKeys.p256)),
  ];
};

type Mutation = (token: string, draw: Draw, others: readonly string[]) => string;

const spliced = (token: string, at: number, drop: number, put: string): string => token.slice(0, at) + put + token.slice(at + drop);
const part = (token: string, n: number): string => token.split('.')[n] ?? '';
const withPart = (token: string, n: number, text: string): string => token.split('.').map((one, i) => (i === n ? text : one)).join('.');

const MUTATIONS: readonly Mutation[] = [
  (token, draw) => spliced(token, draw.below(token.length), 1, draw.text(1, BASE64URL)),
  (token, draw) => {
    const at = draw.below(token.length);
    return spliced(token, at, 1, String.fromCharCode(token.charCodeAt(at) ^ (1 << draw.below(8))));
  },
  (token, draw) => spliced(token, draw.below(token.length), 1 + draw.below(4), ''),
  (token, draw) => spliced(token, draw.below(token.length), 0, draw.text(1 + draw.below(4), `${BASE64URL}.=+/%`)),
  (token, draw) => token.slice(0, draw.below(token.length)),
  (token, draw) => spliced(token, draw.below(token.length), 0, token.slice(0, draw.below(token.length))),
  (token, draw, others) => {
    const n = draw.below(3);
    return withPart(token, n, part(draw.one(others), n));
  },
  // A bit of the bytes, so that the text stays well formed.
  (token, draw) => {
    const n = draw.below(3);
    const bytes = Buffer.from(part(token, n), 'base64url');
    const at = draw.below(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << draw.below(8));
    return withPart(token, n, bytes.toString('base64url'));
  },
  // The bits that the last character of a signature has to spare.
  (token, draw) => spliced(token, token.length - 1, 1, draw.text(1, BASE64URL)),
];

/** Whether it is the same token: what is signed is the same text, and the signature the same bytes. */
const isSame = (token: string, other: string): boolean =>
  part(token, 0) === part(other, 0) &&
  part(token, 1) === part(other, 1) &&
  token.split('.').length === 3 &&
  Buffer.from(part(token, 2), 'base64url').equals(Buffer.from(part(other, 2), 'base64url'));

test('Of many mutated tokens none is accepted that is not the same token still', async () => {
  const good = goodTokens();
  expect(await Promise.all(good.map(isAccepted))).toEqual(good.map(() => true));
  const draw = newDraw('mutated tokens');
  const wrong: string[] = [];
  let same = 0;
  let drawn = 0;
  const work = async (): Promise<void> => {
    while (drawn < TOKENS) {
      drawn++;
      const token = draw.one(good);
      const mutated = draw.one(MUTATIONS)(token, draw, good);
      if (good.some((one) => isSame(mutated, one))) same++;
      else if (await isAccepted(mutated)) wrong.push(mutated);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  process.stdout.write(`  mutated tokens: ${drawn - same} refused, ${same} still the same\n`);
  expect(wrong).toEqual([]);
  // Some draws change nothing; nearly all have to.
  expect(same).toBeLessThan(TOKENS / 10);
  expect(await Promise.all(good.map(isAccepted))).toEqual(good.map(() => true));
}, 120_000);
