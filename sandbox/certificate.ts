import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A self-signed certificate for 127.0.0.1 and localhost, for servers of tests only. */
export interface Certificate {
  /** Both in PEM. */
  key: string;
  cert: string;
  /** The file that holds `cert`, for `NODE_EXTRA_CA_CERTS`. */
  path: string;
  /** Removes the file. */
  remove(): void;
}

const DAY_MS = 86_400_000;

// The parts of DER (X.690) that a certificate (RFC 5280) needs. Node can read certificates, and make none.
const SEQUENCE = 0x30;
const OCTETS = 0x04;
const ecdsaWithSha256 = der(SEQUENCE, oid('2a8648ce3d040302'));

/** Makes a key and its certificate, which is valid for a day before and after. */
export function makeCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = der(SEQUENCE, der(0x31, der(SEQUENCE, oid('550403'), der(0x0c, Buffer.from('contacts sandbox')))));
  const names = der(SEQUENCE, der(0x87, Buffer.from([127, 0, 0, 1])), der(0x82, Buffer.from('localhost')));
  const isAuthority = der(SEQUENCE, der(0x01, Buffer.from([0xff])));
  const body = der(
    SEQUENCE,
    der(0xa0, integer(Buffer.from([2]))),
    // The serial number must be positive, in the fewest bytes: it begins with 1.
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    name,
    der(SEQUENCE, time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, extension('551d11', names), extension('551d13', isAuthority))),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const base64 = der(SEQUENCE, body, ecdsaWithSha256, signature).toString('base64');
  const cert = `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;

  const folder = mkdtempSync(join(tmpdir(), 'contacts-sandbox-'));
  const path = join(folder, 'certificate.pem');
  writeFileSync(path, cert);
  return { key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })), cert, path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const lengthBytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

/** UTCTime: `yymmddhhmmssZ`. */
function time(ms: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(ms).toISOString().replaceAll(/\D/g, '').slice(2, 14)}Z`));
}

function extension(id: string, content: Buffer): Buffer {
  return der(SEQUENCE, oid(id), der(OCTETS, content));
}
