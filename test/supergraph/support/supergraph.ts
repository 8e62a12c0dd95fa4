import { bookings, BOOKINGS, type BookingRow } from '../../../examples/supergraph/bookings.js';
import { companies, COMPANIES, type CompanyRow } from '../../../examples/supergraph/companies.js';
import { compose } from '../../../examples/supergraph/compose.js';
import { startNeighbour, type Running } from '../../../examples/supergraph/neighbour.js';
import { startTestApp, type TestApp } from '../../support/testApp.js';
import { GATEWAYS } from './gateways.js';

export interface TestSupergraph {
  readonly contacts: TestApp;
  readonly bookings: Running;
  readonly companies: Running;
  readonly sdl: string;
  readonly gateways: { readonly [Name in keyof typeof GATEWAYS]: Awaited<ReturnType<(typeof GATEWAYS)[Name]>> };
  stop(): Promise<void>;
}

export interface Rows {
  /** Beside those of the example. */
  readonly bookings?: readonly BookingRow[];
  readonly companies?: readonly CompanyRow[];
}

export const GATEWAY_NAMES = Object.keys(GATEWAYS) as (keyof typeof GATEWAYS)[];

/** Our subgraph, as it is served, and the neighbours of the example, below both gateways. */
export async function startTestSupergraph(rows: Rows = {}): Promise<TestSupergraph> {
  const contacts = await startTestApp();
  const neighbours = {
    bookings: await startNeighbour(bookings([...BOOKINGS, ...(rows.bookings ?? [])])),
    companies: await startNeighbour(companies([...COMPANIES, ...(rows.companies ?? [])])),
  };
  const sdl = await compose([
    { name: 'contacts', url: `${contacts.url}/graphql` },
    { name: 'bookings', url: neighbours.bookings.url },
    { name: 'companies', url: neighbours.companies.url },
  ]);
  const gateways = {
    'Hive Gateway': await GATEWAYS['Hive Gateway'](sdl),
    '@apollo/gateway': await GATEWAYS['@apollo/gateway'](sdl),
  };
  return {
    contacts,
    ...neighbours,
    sdl,
    gateways,
    stop: async () => {
      for (const one of [...Object.values(gateways), ...Object.values(neighbours), contacts]) await one.stop();
    },
  };
}
