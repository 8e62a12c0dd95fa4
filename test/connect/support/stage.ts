import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../../sandbox/start.js';
import { FileStore } from '../../../src/upstream/oauth2/refreshToken/fileStore.js';
import type { Kept } from '../../../src/upstream/oauth2/refreshToken/state.js';
import { basic } from '../../sandbox/caller.js';
import { freePort } from '../../support/freePort.js';
import { connectHere, endAll, startConnect, type Connecting, type ConnectingHere } from './connecting.js';

type Change = Readonly<Record<string, string | undefined>>;

/** A sandbox for a test file, and for each test a folder and a port of its own. */
export class Stage {
  sandbox!: Sandbox;
  folder!: string;
  /** Of the file with the token. */
  path!: string;
  port!: number;

  constructor() {
    beforeAll(async () => {
      this.sandbox = await startSandbox();
    });
    afterAll(() => this.sandbox.stop());
    beforeEach(async () => {
      this.folder = mkdtempSync(join(tmpdir(), 'connect-'));
      this.path = join(this.folder, 'token');
      this.port = await freePort();
      this.sandbox.cas360.resetCalls();
    });
    afterEach(async () => {
      await endAll();
      this.sandbox.cas360.faults.clear();
      rmSync(this.folder, { recursive: true });
    });
  }

  get redirect(): string {
    return `http://127.0.0.1:${this.port}/callback`;
  }

  settings(change: Change = {}): Record<string, string> {
    const all = { ...this.sandbox.environment, CAS360_REFRESH_TOKEN: undefined, CAS360_TOKEN_FILE: this.path, ...change };
    return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  connect(change: Change = {}, ...words: string[]): Connecting {
    return startConnect(this.settings(change), '--redirect-uri', this.redirect, ...words);
  }

  connectHere(change: Change = {}, ...words: string[]): ConnectingHere {
    return connectHere(this.settings(change), '--redirect-uri', this.redirect, ...words);
  }

  /** What is in the file. */
  stored(): Promise<Kept | undefined> {
    return new FileStore(this.path).update((kept) => kept);
  }

  async store(kept: Kept): Promise<void> {
    await new FileStore(this.path).update(() => kept);
  }

  /** How many codes were sent to the token endpoint. */
  exchanges(): number {
    return this.sandbox.cas360.calls.filter(({ path }) => path.includes('authorization_code')).length;
  }

  /** Whether the token endpoint takes these parameters. A refresh token or a code is spent then. */
  async isGranted(parameters: Readonly<Record<string, string>>): Promise<boolean> {
    const { url, client } = this.sandbox.cas360;
    const response = await fetch(`${url}/oauth/token?${new URLSearchParams({ scope: 'cas360', ...parameters })}`, { method: 'POST', headers: { authorization: basic(client) } });
    await response.text();
    return response.ok;
  }

  /** Whether CAS 360 takes a refresh token. It is spent then. */
  isGood(refreshToken: string | undefined): Promise<boolean> {
    return this.isGranted({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });
  }
}
