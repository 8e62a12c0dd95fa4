import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOrAdd } from '../../src/getOrAdd.js';

/** A certificate and its key: in PEM, and as files. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority of its own, and what it has issued. */
export interface Issued {
  readonly authority: string;
  readonly authorityFile: string;
  /** For localhost, *.test and 127.0.0.1. */
  readonly server: Pair;
  readonly client: Pair;
  /** Like `server`, but over since yesterday. */
  readonly expired: Pair;
  /** Good, for another host. */
  readonly elsewhere: Pair;
  /** Removes the files. */
  remove(): void;
}

const SERVER_NAMES = 'subjectAltName=DNS:localhost,DNS:pms.test,DNS:cas360.test,DNS:keys.test,DNS:otlp.test,IP:127.0.0.1';

/** Has openssl issue certificates that are good for two days. */
export function issue(): Issued {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  const path = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', path('ca.key'), '-out', path('ca.pem'), '-days', '2', '-subj', '/CN=An authority for tests');
  const newPair = (name: string, extensions: string, days: string): Pair => {
    writeFileSync(path(`${name}.ext`), extensions);
    openssl('req', ...newKey, '-keyout', path(`${name}.key`), '-out', path(`${name}.csr`), '-subj', `/CN=${name}`);
    openssl('x509', '-req', '-in', path(`${name}.csr`), '-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-days', days, '-extfile', path(`${name}.ext`), '-out', path(`${name}.pem`));
    const [certFile, keyFile] = [path(`${name}.pem`), path(`${name}.key`)];
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile };
  };
  // Each when it is first wanted: many tests need only two of them.
  const pairs = new Map<string, Pair>();
  const pair = (name: string, extensions: string, days = '2'): Pair => getOrAdd(pairs, name, () => newPair(name, extensions, days));
  return {
    authority: readFileSync(path('ca.pem'), 'utf8'),
    authorityFile: path('ca.pem'),
    get server() {
      return pair('server', SERVER_NAMES);
    },
    get client() {
      return pair('client', 'extendedKeyUsage=clientAuth');
    },
    get expired() {
      return pair('expired', SERVER_NAMES, '-1');
    },
    get elsewhere() {
      return pair('elsewhere', 'subjectAltName=DNS:elsewhere.test');
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
