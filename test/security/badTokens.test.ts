import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { createCallers } from '../../src/web/callers.js';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { base64url, compact, es256, hmac, nothing, rs256, startIssuer, type Issuer, type KeyName } from './support/issuer.js';
import { rawPost } from './support/rawHttp.js';

let issuer: Issuer;
let app: TestApp;
beforeAll(async () => {
  issuer = await startIssuer();
  app = await startTestApp(issuer.settings);
});
beforeEach(() => app.reset());
afterAll(async () => {
  await app.stop();
  await issuer.stop();
});

/** What an accepted token would open. */
const BODY = JSON.stringify({ query: '{ contact(id: "pms:4711") { dateOfBirth cognitoId } }' });
const REFUSAL = { errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED', retryable: false } }] };
const STRANGER = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const STRANGER_RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ES = { alg: 'ES256', kid: 'p256' };
const now = (): number => Math.floor(Date.now() / 1_000);
const strangersJwk = (): object => STRANGER.publicKey.export({ format: 'jwk' });
const strange = (header: object) => (i: Issuer): string => compact({ ...ES, ...header }, i.claims(), es256(STRANGER.privateKey));
/** A good token whose three parts are changed. */
const changed = (change: (header: string, payload: string, signature: string) => string) => (i: Issuer): string => {
  const [header = '', payload = '', signature = ''] = i.token().split('.');
  return change(header, payload, signature);
};
const rsaPem = (i: Issuer): string => i.publicKeys.rsa.export({ format: 'pem', type: 'spki' }).toString();
const rsaDer = (i: Issuer): Buffer => i.publicKeys.rsa.export({ format: 'der', type: 'spki' });

const BAD_TOKENS: [string, (i: Issuer) => string][] = [
  // Not signed.
  ['alg none without a signature', (i) => compact({ alg: 'none' }, i.claims(), nothing)],
  ['alg none of a known key', (i) => compact({ alg: 'none', kid: 'p256' }, i.claims(), nothing)],
  ['alg None', (i) => compact({ alg: 'None', kid: 'p256' }, i.claims(), nothing)],
  ['alg NONE', (i) => compact({ alg: 'NONE', kid: 'p256' }, i.claims(), nothing)],
  ['alg nOnE with a signature', (i) => compact({ alg: 'nOnE', kid: 'p256' }, i.claims(), es256(i.privateKeys.p256))],
  ['alg none with a good signature', (i) => compact({ alg: 'none', kid: 'p256' }, i.claims(), es256(i.privateKeys.p256))],
  ['no alg', (i) => compact({ kid: 'p256' }, i.claims(), es256(i.privateKeys.p256))],
  ['alg empty', (i) => compact({ alg: '', kid: 'p256' }, i.claims(), es256(i.privateKeys.p256))],
  ['alg null', (i) => compact({ alg: null, kid: 'p256' }, i.claims(), es256(i.privateKeys.p256))],
  ['alg a list', (i) => compact({ alg: ['ES256'], kid: 'p256' }, i.claims(), es256(i.privateKeys.p256))],
  ['alg in lower case', (i) => compact({ alg: 'es256', kid: 'p256' }, i.claims(), es256(i.privateKeys.p256))],
  ['alg __proto__', (i) => compact('{"alg":"__proto__","kid":"p256"}', i.claims(), es256(i.privateKeys.p256))],
  ['the signature cut off', changed((header, payload) => `${header}.${payload}.`)],
  ['the signature and its dot cut off', changed((header, payload) => `${header}.${payload}`)],
  ['a signature of zeros', changed((header, payload) => `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`)],
  ['half a signature', changed((header, payload, signature) => `${header}.${payload}.${signature.slice(0, 43)}`)],
  ['a signature and a byte', changed((header, payload, signature) => `${header}.${payload}.${Buffer.concat([Buffer.from(signature, 'base64url'), Buffer.alloc(1)]).toString('base64url')}`)],
  ['a signature in DER', (i) => compact(ES, i.claims(), rs256(i.privateKeys.p256))],
  // Signed by the public key, as if it were a secret.
  ['HS256 by the RSA key as PEM', (i) => compact({ alg: 'HS256', kid: 'rsa' }, i.claims(), hmac(rsaPem(i)))],
  ['HS256 by that PEM without its last line end', (i) => compact({ alg: 'HS256', kid: 'rsa' }, i.claims(), hmac(rsaPem(i).trimEnd()))],
  ['HS256 by the RSA key as DER', (i) => compact({ alg: 'HS256', kid: 'rsa' }, i.claims(), hmac(rsaDer(i)))],
  ['HS256 by the RSA key as JWK', (i) => compact({ alg: 'HS256', kid: 'rsa' }, i.claims(), hmac(JSON.stringify(i.publicKeys.rsa.export({ format: 'jwk' }))))],
  ['HS256 by the EC key as JWK', (i) => compact({ alg: 'HS256', kid: 'p256' }, i.claims(), hmac(JSON.stringify(i.publicKeys.p256.export({ format: 'jwk' }))))],
  ['HS384 by the RSA key as PEM', (i) => compact({ alg: 'HS384', kid: 'rsa' }, i.claims(), hmac(rsaPem(i), 'sha384'))],
  ['HS512 by the RSA key as PEM', (i) => compact({ alg: 'HS512', kid: 'rsa' }, i.claims(), hmac(rsaPem(i), 'sha512'))],
  ['HS256 by nothing', (i) => compact({ alg: 'HS256' }, i.claims(), hmac(''))],
  ['HS256 by a key id of a path', (i) => compact({ alg: 'HS256', kid: '../../../../dev/null' }, i.claims(), hmac(''))],
  // Signed by a stranger, who brings the key along.
  ['a stranger\'s key under a known key id', strange({})],
  ['a stranger\'s RSA key under a known key id', (i) => compact({ alg: 'RS256', kid: 'rsa' }, i.claims(), rs256(STRANGER_RSA.privateKey))],
  ['a stranger\'s key without a key id', (i) => compact({ alg: 'ES256' }, i.claims(), es256(STRANGER.privateKey))],
  ['an embedded jwk', strange({ jwk: strangersJwk() })],
  ['an embedded jwk under its own key id', strange({ kid: 'mine', jwk: { ...strangersJwk(), kid: 'mine' } })],
  ['a jku', strange({ jku: 'http://127.0.0.1:9/jwks.json' })],
  ['a jku under an unknown key id', strange({ kid: 'mine', jku: 'https://evil.example/jwks.json' })],
  ['an x5u', strange({ x5u: 'https://evil.example/chain.pem' })],
  ['an x5c', strange({ x5c: [STRANGER.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')] })],
  ['an x5t', strange({ x5t: 'AAAA', 'x5t#S256': 'AAAA' })],
  ['an unknown key id', (i) => i.token({}, { kid: 'unknown' })],
  ['a key id that is a path', (i) => i.token({}, { kid: '../../etc/passwd' })],
  ['a key id that is SQL', (i) => i.token({}, { kid: "x' UNION SELECT 'p256" })],
  ['a key id with a NUL', (i) => i.token({}, { kid: 'p256\u0000' })],
  ['a key id __proto__', (i) => i.token({}, { kid: '__proto__' })],
  ['a key id that is a list', (i) => i.token({}, { kid: ['p256'] })],
  ['a key id that is an address', (i) => i.token({}, { kid: 'http://127.0.0.1:9/key' })],
  ['a key of another family', (i) => compact({ alg: 'RS256', kid: 'p256' }, i.claims(), rs256(i.privateKeys.rsa))],
  ['a key of another curve', (i) => compact({ alg: 'ES256', kid: 'p384' }, i.claims(), es256(i.privateKeys.p384))],
  // Well signed, but for another time, service or purpose.
  ['expired', (i) => i.token({ exp: now() - 6 })],
  ['expired long ago', (i) => i.token({ exp: 0 })],
  ['exp missing', (i) => i.token({ exp: undefined })],
  ['exp a text', (i) => i.token({ exp: String(now() + 3_600) })],
  ['exp null', (i) => i.token({ exp: null })],
  ['nbf in the future', (i) => i.token({ nbf: now() + 600 })],
  ['nbf a text', (i) => i.token({ nbf: '0' })],
  ['aud of another service', (i) => i.token({ aud: 'invoices' })],
  ['aud missing', (i) => i.token({ aud: undefined })],
  ['aud empty', (i) => i.token({ aud: [] })],
  ['aud that only begins so', (i) => i.token({ aud: 'contacts.evil.example' })],
  ['aud that holds it', (i) => i.token({ aud: 'invoices contacts' })],
  ['aud in upper case', (i) => i.token({ aud: 'CONTACTS' })],
  ['aud an object', (i) => i.token({ aud: { contacts: true } })],
  ['iss of another provider', (i) => i.token({ iss: 'https://evil.example' })],
  ['iss missing', (i) => i.token({ iss: undefined })],
  ['iss with a slash more', (i) => i.token({ iss: `${i.url}/` })],
  ['iss a list', (i) => i.token({ iss: [i.url] })],
  ['iat a text', (i) => i.token({ iat: 'yesterday' })],
  ['crit of a header nobody knows', (i) => i.token({}, { crit: ['exp'], exp: now() + 60 })],
  ['crit empty', (i) => i.token({}, { crit: [] })],
  ['crit of an absent header', (i) => i.token({}, { crit: ['b64'] })],
  ['b64 false', (i) => i.token({}, { crit: ['b64'], b64: false })],
  ['the payload not encoded (b64 false)', (i) => `${base64url({ ...ES, crit: ['b64'], b64: false })}.${JSON.stringify(i.claims()).replaceAll('"', "'")}.AAAA`],
  // Well signed by the same issuer, and no access token.
  ...['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'id+jwt', 'entity-statement+jwt', 'application/logout+jwt', 'Logout+JWT', 'JOSE', 'at+jwt2', 'xat+jwt', 'at +jwt', 'jwt ', 'text/jwt', 'application/', 'a/application/jwt', 'null', '']
    .map((typ): [string, (i: Issuer) => string] => [`typ ${typ || 'empty'}`, (i) => i.token({}, { typ })]),
  ...[null, true, 1, ['JWT'], { typ: 'JWT' }].map((typ): [string, (i: Issuer) => string] => [`typ ${JSON.stringify(typ)}, which is no text`, (i) => i.token({}, { typ })]),
  // Something else altogether.
  ['an encrypted token of five parts', (i) => `${base64url({ alg: 'dir', enc: 'A256GCM' })}..AAAA.${base64url(i.claims())}.AAAA`],
  ['four parts', (i) => `${i.token()}.AAAA`],
  ['one part', () => 'a-token-of-one-part'],
  ['two dots', () => '..'],
  ['dots only', () => '......'],
  ['parts that are no base64url', () => '!!!.###.***'],
  ['padding', changed((header, payload, signature) => `${header}==.${payload}.${signature}==`)],
  ['base64 in place of base64url', changed((header, payload) => `${header}.${payload}.+/+/+/+/`)],
  ['a header that is no JSON', (i) => compact('alg=ES256', i.claims(), es256(i.privateKeys.p256))],
  ['a header that is a list', (i) => compact('[{"alg":"ES256","kid":"p256"}]', i.claims(), es256(i.privateKeys.p256))],
  ['a header that is null', (i) => compact('null', i.claims(), es256(i.privateKeys.p256))],
  ['a payload that is no JSON', (i) => compact(ES, 'scope=contact:identity', es256(i.privateKeys.p256))],
  ['a payload that is a list', (i) => compact(ES, [i.claims()], es256(i.privateKeys.p256))],
  ['a payload that is a text', (i) => compact(ES, '"contact:identity"', es256(i.privateKeys.p256))],
  ['a payload of no bytes', (i) => compact(ES, '', es256(i.privateKeys.p256))],
  ['a payload nested 1,000 deep', (i) => `${i.token().split('.')[0]}.${base64url('['.repeat(1_000) + ']'.repeat(1_000))}.AAAA`],
  ['another payload under the signature', (i) => { const [a, , c] = i.token().split('.'); return [a, base64url(i.claims({ sub: 'else' })), c].join('.'); }],
  ['another header under the signature', (i) => { const [, b, c] = i.token().split('.'); return [base64url({ ...ES, typ: 'at+jwt' }), b, c].join('.'); }],
  ['garbage of 12 kB', () => 'x'.repeat(12_000)],
  ['a header of 9 kB', (i) => i.token({}, { kid: 'k'.repeat(9_000) })],
  ['JSON in place of a token', (i) => JSON.stringify({ payload: base64url(i.claims()), protected: base64url(ES), signature: 'AAAA' })],
];

/** Header lines as they go over the wire. */
const BAD_HEADERS: [string, (i: Issuer) => string[]][] = [
  ['nothing after its name', () => ['authorization:']],
  ['the scheme alone', () => ['authorization: Bearer']],
  ['the scheme and a blank', () => ['authorization: Bearer ']],
  ['no scheme', (i) => [`authorization: ${i.token()}`]],
  ['the scheme Basic', (i) => [`authorization: Basic ${i.token()}`]],
  ['the scheme DPoP', (i) => [`authorization: DPoP ${i.token()}`]],
  ['the scheme glued on', (i) => [`authorization: Bearer${i.token()}`]],
  ['a colon after the scheme', (i) => [`authorization: Bearer: ${i.token()}`]],
  ['two blanks', (i) => [`authorization: Bearer  ${i.token()}`]],
  ['a tab', (i) => [`authorization: Bearer\t${i.token()}`]],
  ['two tokens', (i) => [`authorization: Bearer ${i.token()} ${i.token()}`]],
  ['two tokens with a comma', (i) => [`authorization: Bearer ${i.token()}, Bearer ${i.token()}`]],
  ['quotes', (i) => [`authorization: Bearer "${i.token()}"`]],
  ['a parameter', (i) => [`authorization: Bearer ${i.token()}; scope=contact:identity`]],
  ['bytes beyond ASCII', (i) => [`authorization: Bearer ${i.token()}\u00e9`]],
  ['a no-break space', (i) => [`authorization: Bearer\u00a0${i.token()}`]],
  ['a second, bad one after a good one', (i) => [`authorization: Bearer ${i.token()}`, 'authorization: Bearer x.y.z']],
  ['a second, good one after a bad one', (i) => ['authorization: Bearer x.y.z', `authorization: Bearer ${i.token()}`]],
];

const expectRefusal = ({ status, text, body }: { status: number; text: string; body: string }, secret: string) => {
  expect(status).toBe(401);
  expect(JSON.parse(body)).toEqual(REFUSAL);
  expect(text).toMatch(/cache-control: private, no-store/i);
  expect(text).not.toMatch(/jose|ERR_|JWS|JWT|jwks|127\.0\.0\.1/i);
  for (const part of secret.split(/[\s.]+/)) if (part.length > 9) expect(text).not.toContain(part);
  expect(app.calls()).toEqual({ pms: 0, cas360: 0, addresses: 0 });
  expect(app.logged.join('\n')).not.toContain(secret.slice(0, 30) || 'Bearer');
};

describe('A bad token is refused, and nothing said of it:', () => {
  test.each(BAD_TOKENS)('%s', async (_what, make) => {
    const token = make(issuer);
    expectRefusal(await rawPost(app.url, [`authorization: Bearer ${token}`], BODY), token);
  });

  test.each(BAD_HEADERS)('a header with %s', async (_what, lines) => {
    const secret = lines(issuer).join(' ').replaceAll('authorization:', '').trim();
    expectRefusal(await rawPost(app.url, lines(issuer), BODY), secret);
  });

  test('one of 100 kB, by the HTTP server already', async () => {
    const { status, text } = await rawPost(app.url, [`authorization: Bearer ${issuer.token({ pad: 'x'.repeat(75_000) })}`], BODY);
    expect(status).toBe(431);
    expect(text).not.toContain('data');
    const callers = createCallers({ jwksUrl: new URL(issuer.settings.AUTH_JWKS_URL!), issuer: issuer.url, audience: 'contacts' });
    await expect(callers(`Bearer ${'x'.repeat(100_000)}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

/** Every algorithm that is allowed, with a key of its family. */
const ALGORITHMS: [string, KeyName][] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg): [string, KeyName] => [alg, 'rsa']),
  ['ES256', 'p256'],
  ['ES384', 'p384'],
  ['ES512', 'p521'],
  ['EdDSA', 'ed25519'],
  ['Ed25519', 'ed25519'],
];

describe('A good token is accepted:', () => {
  const expectOpen = async (authorization: string) => {
    const { status, body } = await rawPost(app.url, [`authorization: ${authorization}`], BODY);
    expect([status, JSON.parse(body).errors]).toEqual([200, undefined]);
    expect(JSON.parse(body).data.contact.dateOfBirth).toMatch(/^\d{4}-\d\d-\d\d$/);
  };

  test.each(ALGORITHMS)('by %s', async (alg, key) => {
    await expectOpen(`Bearer ${await new SignJWT(issuer.claims()).setProtectedHeader({ alg, kid: key }).sign(issuer.privateKeys[key])}`);
  });

  test.each<[string, (i: Issuer) => string]>([
    ['with the scheme in lower case', (i) => `bearer ${i.token()}`],
    ['with its scopes in scp, a list', (i) => `Bearer ${i.token({ scope: undefined, scp: ['contact:identity', 'contact:access'] })}`],
    ['with its scopes in scp, a text', (i) => `Bearer ${i.token({ scope: undefined, scp: 'contact:identity contact:access' })}`],
    ['with its scopes in both', (i) => `Bearer ${i.token({ scope: 'contact:identity', scp: ['contact:access'] })}`],
    ['with several audiences', (i) => `Bearer ${i.token({ aud: ['invoices', 'contacts'] })}`],
    ['with a jwk that nobody looks at', (i) => `Bearer ${i.token({}, { jwk: strangersJwk() })}`],
    ...[undefined, 'JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt', 'application/jwt'].map((typ): [string, (i: Issuer) => string] => [
      typ === undefined ? 'without a typ' : `with the typ ${typ}`,
      (i) => `Bearer ${i.token({}, { typ })}`,
    ]),
    ['without a key id, where one key fits', (i) => `Bearer ${i.token({}, { kid: undefined })}`],
    ['with an nbf in the past', (i) => `Bearer ${i.token({ nbf: now() - 1 })}`],
  ])('%s', (_what, authorization) => expectOpen(authorization(issuer)));

  test.each<[string, unknown, unknown]>([
    ['no scope', undefined, undefined],
    ['another scope', 'contact:everything', undefined],
    ['a scope that only begins so', 'contact:identity2 contact', undefined],
    ['a scope in upper case', 'CONTACT:IDENTITY', undefined],
    ['a star', '*', ['*']],
    ['a scope with a comma', 'contact:identity,contact:access', undefined],
    ['a scope that is an object', { 'contact:identity': true }, undefined],
    ['a list within a list', undefined, [['contact:identity']]],
    ['a scope that is true', true, true],
  ])('but opens nothing with %s', async (_what, scope, scp) => {
    const { data, errors } = await app.query('{ contact(id: "pms:4711") { firstName dateOfBirth cognitoId } }', {}, { authorization: `Bearer ${issuer.token({ scope, scp })}` });
    expect(data.contact).toEqual({ firstName: expect.any(String), dateOfBirth: null, cognitoId: null });
    expect(errors!.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
  });
});
