import { parseArgs } from 'node:util';
import { SOURCE_ID } from '../ids.js';

export interface Options {
  /** Ids of contacts that exist. */
  readonly pms: string | undefined;
  readonly cas360: string | undefined;
  /** Whether the refresh token of CAS 360 may be spent. */
  readonly renew: boolean;
  readonly output: 'text' | 'json';
  /** How long to repeat the checks until they find no fault. Undefined: once. */
  readonly waitSeconds: number | undefined;
  readonly help: boolean;
}

const WAIT_SECONDS = 120;
const MAX_WAIT_SECONDS = 3_600;

export const HELP = `npm run doctor -- [--pms NUMBER] [--cas360 NUMBER] [--renew | --wait[=SECONDS]] [--output text|json]

Checks what the settings of the environment point to. Exits with 1 when something would fail. docs/doctor.md explains each check.

  --pms NUMBER     a contact of the PMS that exists, such as 4711 (or DOCTOR_PMS_CONTACT)
  --cas360 NUMBER  a contact of CAS 360 that exists, such as 54 (or DOCTOR_CAS360_CONTACT)
  --renew          where no living access token of CAS 360 is kept, spend the refresh token for one and keep the next one.
                   A service may be running: it adopts the new one. A refused token is sent once more
  --wait[=SECONDS] repeat the checks until there is no fault, for ${WAIT_SECONDS} seconds or for as many as given (at most ${MAX_WAIT_SECONDS}).
                   Never spends the refresh token
  -o, --output     text, or json: one object with all findings
`;

/** Throws an error whose message is meant for the user. */
export function readOptions(words: readonly string[], env: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    // parseArgs has no options whose value may be left out.
    args: words.map((word) => (word === '--wait' ? `--wait=${WAIT_SECONDS}` : word)),
    options: {
      pms: { type: 'string' },
      cas360: { type: 'string' },
      renew: { type: 'boolean', default: false },
      output: { type: 'string', short: 'o', default: 'text' },
      wait: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const number = (argument: string, given: string | undefined, setting: string): string | undefined => {
    const name = given === undefined ? setting : argument;
    const text = (given ?? env[setting])?.trim();
    if (!text || SOURCE_ID.test(text)) return text || undefined;
    throw new Error(`${name} must be the number of a contact, such as 4711`);
  };
  const { output, renew, wait, help } = values;
  if (output !== 'text' && output !== 'json') throw new Error('--output must be text or json');
  const waitSeconds = wait === undefined ? undefined : Number(wait);
  if (wait !== undefined && !(/^\d+$/.test(wait) && Number(wait) >= 1 && Number(wait) <= MAX_WAIT_SECONDS)) throw new Error(`--wait must be a number of seconds from 1 to ${MAX_WAIT_SECONDS}, as in --wait=60`);
  if (renew && wait !== undefined) throw new Error('--renew and --wait cannot go together: what repeats by itself must not spend the refresh token');
  return {
    pms: number('--pms', values.pms, 'DOCTOR_PMS_CONTACT'),
    cas360: number('--cas360', values.cas360, 'DOCTOR_CAS360_CONTACT'),
    renew,
    output,
    waitSeconds,
    help,
  };
}
