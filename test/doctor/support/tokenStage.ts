import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { exchangeRefreshToken } from '../../../src/upstream/cas360/token.js';
import { startSandbox, type Sandbox } from '../../../sandbox/start.js';
import { secretsOf, startDoctor, type Diagnosis, type RunningDoctor } from './doctor.js';
import type { TokenPlace } from './tokenPlaces.js';

export const KEPT = 'cnryKeptRefreshToken';
export const ACCESS = 'cnryKeptAccessToken';

/** How often a refresh token was sent. */
export const renewals = ({ cas360 }: Sandbox): number => cas360.calls.filter(({ kind, path }) => kind === 'token' && path.includes('refresh_token=')).length;

/** What the tests of a file share: both systems, and a refresh token for each test. No output may hold a secret. */
export class TokenStage {
  sandbox!: Sandbox;
  token = '';
  #said: string[] = [];
  #running: RunningDoctor | undefined;

  /** Call it at the top of a file. */
  static use(): TokenStage {
    const stage = new TokenStage();
    beforeAll(async () => {
      stage.sandbox = await startSandbox();
    });
    afterAll(() => stage.sandbox.stop());
    beforeEach(() => stage.#begin());
    afterEach(() => stage.#end());
    return stage;
  }

  settings(place: Pick<TokenPlace, 'settings'>, more: Record<string, string | undefined> = {}): Record<string, string> {
    const all: Record<string, string | undefined> = { ...this.sandbox.environment, CAS360_REFRESH_TOKEN: this.token, ...place.settings, ...more };
    return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  /** Searches the output for secrets at the end of the test. */
  heard<T extends Pick<Diagnosis, 'output'>>(diagnosis: T): T {
    this.#said.push(diagnosis.output);
    return diagnosis;
  }

  /** Starts the doctor with `--renew` as a process. */
  renew(place: TokenPlace): RunningDoctor {
    return (this.#running = startDoctor(this.settings(place), '--renew'));
  }

  /** An access token, as another process would get it. */
  async granted(): Promise<string> {
    const { cas360, environment } = this.sandbox;
    const client = { tokenUrl: new URL('/oauth/token', cas360.url), clientId: cas360.client.id, clientSecret: cas360.client.secret, scope: environment.CAS360_SCOPE };
    const outcome = await exchangeRefreshToken(client, cas360.issueRefreshToken(), 5_000);
    if (outcome.kind !== 'granted') throw new Error(JSON.stringify(outcome));
    return outcome.grant!.accessToken;
  }

  #begin(): void {
    for (const system of [this.sandbox.pms, this.sandbox.cas360]) {
      system.resetCalls();
      system.faults.clear();
    }
    this.token = this.sandbox.cas360.issueRefreshToken();
    this.#said = [];
  }

  async #end(): Promise<void> {
    // Only after a failure.
    this.#running?.child.kill('SIGKILL');
    await this.#running?.ended;
    this.#running = undefined;
    const hidden = secretsOf(this.settings({ settings: {} }));
    for (const word of [KEPT, ACCESS]) hidden.add(word, word);
    for (const output of this.#said) expect(hidden.foundIn(output)).toEqual([]);
  }
}
