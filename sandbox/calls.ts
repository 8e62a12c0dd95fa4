export const callKinds = ['contacts', 'addresses', 'contact', 'token'] as const;

/** `contacts` and `addresses` are the bulk calls of CAS 360, `contact` is the call of the PMS. */
export type CallKind = (typeof callKinds)[number];

/** One request that reached a data or token endpoint. Times are milliseconds since 1970. */
export interface Call {
  kind: CallKind;
  method: string;
  /** Path and query, as received. */
  path: string;
  /** The ids in the path, as received, with repetitions. */
  ids: string[];
  relationships: boolean;
  /** 0 until an answer is sent. */
  status: number;
  startedAt: number;
  endedAt?: number;
  /** The connection closed before the answer was complete: the caller left, or a fault cut it. */
  aborted?: true;
}

/** The calls since the last reset, and the most calls of each kind that were under way at once. */
export class CallLog {
  calls: Call[] = [];
  mostAtOnce = counts();
  readonly #underWay = counts();

  begin(call: Call): void {
    this.calls.push(call);
    const underWay = ++this.#underWay[call.kind];
    this.mostAtOnce[call.kind] = Math.max(this.mostAtOnce[call.kind], underWay);
  }

  end(call: Call, whole: boolean): void {
    this.#underWay[call.kind]--;
    call.endedAt = Date.now();
    if (!whole) call.aborted = true;
  }

  /** Removes all calls. Those under way still count for `mostAtOnce`. */
  reset(): void {
    this.calls = [];
    this.mostAtOnce = { ...this.#underWay };
  }
}

function counts(): Record<CallKind, number> {
  return { contacts: 0, addresses: 0, contact: 0, token: 0 };
}
