import fc from 'fast-check';
import type { ErrorCode } from '../../src/errors.js';
import type { Sandbox } from '../../sandbox/start.js';
import { CANARY, FIRST, type System } from './truth.js';

/** What a system does wrong while some operations run, and what that can explain. */
export interface Plan {
  readonly faults: readonly object[];
  /** Voids the access tokens so many calls after the start; undefined: never. */
  readonly revokeAfter: number | undefined;
  /** Each with the ids that it can hit; undefined: every one. */
  readonly codes: readonly { readonly code: ErrorCode; readonly ids: ReadonlySet<string> | undefined }[];
  /** Ids that the upstream itself says it does not know. */
  readonly denied: ReadonlySet<string>;
  /** Ids that may be served under this name instead of their own. */
  readonly renamed: ReadonlySet<string>;
}

export const OTHER_NAME = 'Named by a fault';

const CODES: readonly [object, ErrorCode][] = [
  [{ status: 400, body: CANARY }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ status: 401, body: CANARY }, 'UPSTREAM_AUTH_FAILED'],
  [{ status: 403, body: CANARY }, 'UPSTREAM_AUTH_FAILED'],
  [{ status: 404, body: '' }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ status: 404, body: `<html>${CANARY}</html>`, contentType: 'text/html' }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ status: 408, body: CANARY }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ status: 413, body: CANARY }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ status: 414, body: CANARY }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ status: 204 }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ status: 302, headers: { location: 'http://canary.invalid/' } }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ status: 429, body: CANARY }, 'UPSTREAM_RATE_LIMITED'],
  [{ status: 500, body: CANARY }, 'UPSTREAM_UNAVAILABLE'],
  [{ status: 502, body: CANARY }, 'UPSTREAM_UNAVAILABLE'],
  [{ status: 503, body: CANARY }, 'UPSTREAM_UNAVAILABLE'],
  [{ status: 504, body: CANARY }, 'UPSTREAM_UNAVAILABLE'],
  [{ reset: 'before-headers' }, 'UPSTREAM_UNAVAILABLE'],
  [{ reset: 'mid-body' }, 'UPSTREAM_UNAVAILABLE'],
  [{ truncate: true }, 'UPSTREAM_UNAVAILABLE'],
  [{ brokenJson: true }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ body: '{}' }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ charset: 'iso-8859-1', declaredAs: '' }, 'UPSTREAM_INVALID_RESPONSE'],
  [{ body: CANARY }, 'UPSTREAM_INVALID_RESPONSE'],
];

/** Ids that drawn faults name: some of each system, so that a batch is likely to hold a few. */
const named = (system: System): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.integer({ min: FIRST[system], max: FIRST[system] + 1_599 }), { minLength: 1, maxLength: 60, size: 'max' }).map((ids) => ids.map(String));

const often = fc.oneof(
  fc.integer({ min: 1, max: 5 }).map((times) => ({ times })),
  fc.constantFrom(0.02, 0.2, 0.7).map((probability) => ({ probability })),
  fc.constant({}),
);

type Part = Partial<Plan>;

const whole = (system: System): fc.Arbitrary<Part> =>
  fc.tuple(fc.constantFrom(...CODES), often, fc.option(named(system), { nil: undefined, freq: 3 })).map(([[fault, code], aim, ids]) => ({
    faults: [{ ...fault, ...aim, ...(ids && { ids }) }],
    codes: [{ code, ids: ids && new Set(ids) }],
  }));

/** The upstream's own word that there is no such contact; in a bulk call, of whoever is asked for alone. */
const deny = (system: System): fc.Arbitrary<Part> =>
  fc.tuple(named(system), often).map(([ids, aim]) => ({
    faults: [{ status: 404, body: JSON.stringify({ message: CANARY }), ...aim, ids }],
    denied: new Set(ids),
    codes: system === 'pms' ? [] : [{ code: 'UPSTREAM_INVALID_RESPONSE', ids: undefined }],
  }));

const slow = (system: System): fc.Arbitrary<Part> =>
  fc.tuple(fc.integer({ min: 1, max: 15 }), often, named(system)).map(([latencyMs, aim, ids]) => ({ faults: [{ latencyMs, ...aim, ids }] }));

const rename = (system: System): fc.Arbitrary<Part> =>
  fc.tuple(named(system), often).map(([ids, aim]) => ({
    faults: [{ ...aim, ids, patch: system === 'pms' ? { firstName: OTHER_NAME, lastName: '' } : { name: OTHER_NAME, firstName: 7 } }],
    renamed: new Set(ids),
  }));

/** Of the register: rows that contradict the right ones, or that nobody asked for. */
const contradict = (sandbox: Sandbox): fc.Arbitrary<Part> =>
  fc.tuple(named('cas360'), often).map(([ids, aim]) => ({
    faults: [{ ...aim, on: 'contacts', add: [null, ...ids.map((id) => ({ ...sandbox.cas360.data.contacts.get(id), name: CANARY }))] }],
    codes: [{ code: 'UPSTREAM_INVALID_RESPONSE', ids: new Set(ids) }],
  }));

const wrongIdOfPms = fc.tuple(named('pms'), often).map(
  ([ids, aim]): Part => ({ faults: [{ ...aim, ids, wrongId: true }], codes: [{ code: 'UPSTREAM_INVALID_RESPONSE', ids: new Set(ids) }] }),
);

/** Of the register: rows that the first call lacks, so that only the second can tell; an answer without any other row says that there are none. */
const absent = fc.tuple(named('cas360'), fc.boolean()).map(
  ([ids, wrongId]): Part =>
    wrongId
      ? { faults: [{ times: 1, ids, wrongId }], codes: [{ code: 'UPSTREAM_INVALID_RESPONSE', ids: new Set(ids) }] }
      : { faults: [{ times: 1, ids, omit: ids }], denied: new Set(ids) },
);

/** Of the register: pages that end early. The calls do not always suffice for them. */
const cut = fc.tuple(fc.integer({ min: 1, max: 60 }), often).map(
  ([pageRows, aim]): Part => ({ faults: [{ ...aim, on: 'contacts', pageRows }], codes: [{ code: 'UPSTREAM_INVALID_RESPONSE', ids: undefined }] }),
);

/** Rows that spoil their page, or whose id cannot be read. */
const spoilt = (system: System): fc.Arbitrary<Part> =>
  fc.tuple(named(system), often, fc.constantFrom<object>({ spoiltRow: 'NaN' }, { spoiltRow: 'line-break' }, { spoiltRow: 'quote' }, ...['', null, '01001', 1001.5, 'CANARY'].map((id) => ({ patch: { id } })))).map(([ids, aim, fault]) => ({
    faults: [{ ...fault, ...aim, ids }],
    codes: [{ code: 'UPSTREAM_INVALID_RESPONSE', ids: new Set(ids) }],
  }));

/** Answers in another character set that say so: they explain nothing. */
const transcoded = often.chain((aim) => fc.constantFrom('iso-8859-1', 'utf-16le').map((charset): Part => ({ faults: [{ ...aim, charset }] })));

const down: Part = { faults: [{ status: 503, body: CANARY }], codes: [{ code: 'UPSTREAM_UNAVAILABLE', ids: undefined }] };

/** None to three faults of a system, which is at times down altogether if it may be. Rows are not both lacking and contradicted: what is served then is what the upstream says. */
export function plans(system: System, sandbox: Sandbox, mayBeDown: boolean): fc.Arbitrary<Plan> {
  const any = fc.oneof({ weight: 4, arbitrary: whole(system) }, deny(system), slow(system), rename(system), transcoded, ...(mayBeDown ? [{ weight: 4, arbitrary: fc.constant(down) }] : []));
  // While the breaker is open nobody renews a token that is void, and the next one would be voided on top of it.
  const revokeAfter = mayBeDown ? fc.constant(undefined) : fc.option(fc.nat(40), { nil: undefined, freq: 2 });
  const rows = system === 'pms' ? fc.oneof(wrongIdOfPms, spoilt(system)) : fc.oneof(contradict(sandbox), absent, cut, spoilt(system));
  return fc
    .tuple(fc.array(any, { maxLength: 2, size: 'max' }), fc.option(rows), revokeAfter)
    .map(([parts, part, after]) => merged([...parts, ...(part ? [part] : [])], after));
}

function merged(parts: readonly Part[], revokeAfter: number | undefined): Plan {
  const all = <T>(each: (part: Part) => Iterable<T> | undefined): T[] => parts.flatMap((part) => [...(each(part) ?? [])]);
  return {
    faults: all(({ faults }) => faults),
    revokeAfter,
    codes: all(({ codes }) => codes),
    denied: new Set(all(({ denied }) => denied)),
    renamed: new Set(all(({ renamed }) => renamed)),
  };
}
