import { parseArgs } from 'node:util';
import { SOURCE_ID } from '../ids.js';

export interface Options {
  /** Ids of contacts that exist. */
  readonly pms: string | undefined;
  readonly cas360: string | undefined;
  /** Whether the refresh token of CAS 360 may be spent. */
  readonly renew: boolean;
  readonly help: boolean;
}

export const HELP = `npm run doctor -- [--pms NUMBER] [--cas360 NUMBER] [--renew]

Checks what the settings of the environment point to. Exits with 1 when something would fail.

  --pms NUMBER     a contact of the PMS that exists, such as 4711 (or DOCTOR_PMS_CONTACT)
  --cas360 NUMBER  a contact of CAS 360 that exists, such as 54 (or DOCTOR_CAS360_CONTACT)
  --renew          where no living access token of CAS 360 is kept, spend the refresh token for one and keep the next one.
                   A service may be running: it adopts the new one. A refused token is sent once more
`;

/** Throws an error whose message is meant for the user. */
export function readOptions(words: readonly string[], env: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    args: [...words],
    options: { pms: { type: 'string' }, cas360: { type: 'string' }, renew: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  const number = (argument: string, given: string | undefined, setting: string): string | undefined => {
    const name = given === undefined ? setting : argument;
    const text = (given ?? env[setting])?.trim();
    if (!text || SOURCE_ID.test(text)) return text || undefined;
    throw new Error(`${name} must be the number of a contact, such as 4711`);
  };
  return {
    pms: number('--pms', values.pms, 'DOCTOR_PMS_CONTACT'),
    cas360: number('--cas360', values.cas360, 'DOCTOR_CAS360_CONTACT'),
    renew: values.renew,
    help: values.help,
  };
}
