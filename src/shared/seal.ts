import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts values with AES-256-GCM. HKDF derives the key from a secret, so that all who have the secret use the same key. A
 * text encrypted for one place cannot be decrypted for another.
 */
export class Seal {
  // A KeyObject is faster than the bytes of a key (docs/performance.md).
  readonly #key: KeyObject;

  constructor(secret: string, purpose: string) {
    this.#key = createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', purpose, 32)));
  }

  /** The nonce, the encrypted JSON and the tag, in base64. */
  encrypt(values: object, place: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    cipher.setAAD(Buffer.from(place));
    return Buffer.concat([nonce, cipher.update(JSON.stringify(values)), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /** Undefined unless the text was encrypted with this key and for this place. */
  decrypt(text: string, place: string): object | undefined {
    try {
      const bytes = Buffer.from(text, 'base64');
      // Stryker disable next-line ObjectLiteral: Node warns without it; a tag that is too short leaves no room for a text
      const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return JSON.parse(decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')) as object;
    // Stryker disable next-line BlockStatement: without it the result is undefined too
    } catch {
      return undefined;
    }
  }
}
