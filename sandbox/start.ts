import { Cas360Sandbox } from './cas360.js';
import { makeCertificate } from './certificate.js';
import type { ServerOptions } from './http.js';
import { startIdentity, type Identity } from './identity.js';
import { PmsSandbox } from './pms.js';

export interface SandboxOptions {
  /** 0, the default of all three ports, is any free port. */
  pmsPort?: number;
  cas360Port?: number;
  identityPort?: number;
  /** The same seed gives the same contacts. */
  seed?: number;
  /** Puts both systems so far away (`distance.ts`). */
  roundTripMs?: number;
  /** Both systems speak TLS, with a certificate made at start. A service trusts it by `NODE_EXTRA_CA_CERTS` in the environment. */
  tls?: boolean;
  /** Whether both systems compress their answers for clients that accept gzip. True unless given. */
  gzip?: boolean;
}

/** Both upstreams and an identity provider, running on 127.0.0.1. */
export interface Sandbox {
  pms: PmsSandbox;
  cas360: Cas360Sandbox;
  identity: Identity;
  /** The settings that point the subgraph here. */
  environment: Record<string, string>;
  /** Cuts all connections at once, even unanswered ones. */
  stop(): Promise<void>;
}

/** Starts the sandbox. If a port is taken, it stops what has started and rejects. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { pmsPort = 0, cas360Port = 0, identityPort = 0, seed = 1, roundTripMs, tls = false, gzip = true } = options;
  const certificate = tls ? makeCertificate() : undefined;
  const server: ServerOptions = { gzip, ...(roundTripMs !== undefined && { roundTripMs }), ...(certificate && { certificate }) };
  const pms = new PmsSandbox(seed);
  const cas360 = new Cas360Sandbox(seed);
  const starts = await Promise.allSettled([startIdentity(identityPort), pms.start(pmsPort, server), cas360.start(cas360Port, server)]);

  const stop = async () => {
    certificate?.remove();
    await Promise.all(starts.map((start) => start.status === 'fulfilled' && start.value.stop()));
  };
  const failure = starts.find((start) => start.status === 'rejected');
  const [identity] = starts;
  if (failure || identity.status === 'rejected') {
    await stop();
    throw failure?.reason;
  }
  pms.neighbour = cas360;
  cas360.neighbour = pms;
  const environment = { ...environmentOf(pms, cas360, identity.value), ...(certificate && { NODE_EXTRA_CA_CERTS: certificate.path }) };
  return { pms, cas360, identity: identity.value, environment, stop };
}

/** Where the PMS listens unless it is told another port, or the port is taken. */
export const USUAL_PORT = 4011;

/** Starts it at the documented ports, or at any others if one of those is taken. */
export async function startAtUsualPorts(): Promise<Sandbox> {
  return startSandbox(portsFrom(USUAL_PORT)).catch(() => startSandbox());
}

/** The ports of the PMS, of CAS 360 and of the token issuer: this one and the next two. */
export function portsFrom(port: number): Pick<SandboxOptions, 'pmsPort' | 'cas360Port' | 'identityPort'> {
  return { pmsPort: port, cas360Port: port + 1, identityPort: port + 2 };
}

function environmentOf(pms: PmsSandbox, cas360: Cas360Sandbox, identity: Identity): Record<string, string> {
  return {
    PMS_BASE_URL: pms.url,
    PMS_TOKEN_URL: `${pms.url}/oauth2/token`,
    PMS_CLIENT_ID: pms.client.id,
    PMS_CLIENT_SECRET: pms.client.secret,
    CAS360_BASE_URL: cas360.url,
    CAS360_CLIENT_ID: cas360.client.id,
    CAS360_CLIENT_SECRET: cas360.client.secret,
    CAS360_REFRESH_TOKEN: cas360.initialRefreshToken,
    CAS360_SCOPE: 'cas360',
    AUTH_JWKS_URL: `${identity.url}/jwks.json`,
    AUTH_ISSUER: identity.url,
    AUTH_AUDIENCE: identity.audience,
  };
}
