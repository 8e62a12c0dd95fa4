import { workShareOfLoop } from '../workShare.js';

/** A request with at least so many items is large. */
const LARGE_ITEMS = 64;
/** The shortest item: `"pms:1",`. */
const ITEM_CHARACTERS = 8;

/**
 * Large requests with so many items are under way at once: enough for as many calls as both systems take at once. With more,
 * what they load lives longer, and V8 copies it again and again (docs/performance.md).
 */
const MOST_ITEMS = 2_000;

/** With less of its time spent on work, the event loop waits for the systems. */
const BUSY_SHARE = 0.8;
/** How often this is measured while requests wait. */
const MEASURED_MS = 50;

/** Bodies that wait, together. One may be longer. */
const MOST_CHARACTERS = 67_108_864;

/** Tells that a request has its answer. Only the first call counts. */
export type Leave = () => void;

export interface LargeRequestsOptions {
  /** How long an operation may take. A large request waits for half of that at most. */
  readonly timeoutMs: number;
  /** Whether nothing may wait any more: the service stops. */
  readonly isOver: () => boolean;
  /** The share of the time since its last call that the event loop spent on work. */
  readonly workShare?: () => number;
}

/** A request that waits. Empty once it has been refused, so that its body is freed. */
interface Waiting {
  go: (() => void) | undefined;
}

const NOTHING: Leave = () => {};

/** About how many ids a JSON body holds: its commas. A representation counts twice. */
function itemsIn(json: string): number {
  if (json.length < LARGE_ITEMS * ITEM_CHARACTERS) return 0;
  let items = 0;
  for (let at = json.indexOf(','); at >= 0; at = json.indexOf(',', at + 1)) items++;
  return items;
}

/**
 * Admits requests with large bodies in the order of their arrival while the process is the bottleneck. Small ones never wait. If
 * the event loop is idle, or no large request has left for 50 ms, those under way wait for a slow system: more may go, since
 * the other system may be fast.
 */
export class LargeRequests {
  readonly #mostWaitMs: number;
  readonly #isOver: () => boolean;
  readonly #workShare: () => number;
  readonly #waiting: Waiting[] = [];
  #items = 0;
  #characters = 0;
  #hasLeft = false;
  #admitsSoon = false;
  #look: NodeJS.Timeout | undefined;

  constructor({ timeoutMs, isOver, workShare = workShareOfLoop() }: LargeRequestsOptions) {
    this.#mostWaitMs = Math.max(timeoutMs / 2, 2 * MEASURED_MS);
    this.#isOver = isOver;
    this.#workShare = workShare;
  }

  /**
   * Calls `begin` when a request with this JSON body may go: at once, or in its turn. `begin` must see to it that `leave` is
   * called when the request has its answer. Calls `refuse` instead if it would wait too long, or too much waits.
   */
  enter(body: string, begin: (leave: Leave) => void, refuse: () => void): void {
    const items = itemsIn(body);
    if (items < LARGE_ITEMS || this.#isOver()) return begin(NOTHING);
    if (this.#waiting.length === 0 && this.#items < MOST_ITEMS) return begin(this.#leaveOf(items));
    const characters = body.length;
    if (this.#characters > 0 && this.#characters + characters > MOST_CHARACTERS) return refuse();
    const end = (): void => {
      waiting.go = undefined;
      clearTimeout(timer);
      this.#characters -= characters;
    };
    const waiting: Waiting = {
      go: () => {
        end();
        begin(this.#leaveOf(items));
      },
    };
    const timer = setTimeout(() => {
      end();
      refuse();
    }, this.#mostWaitMs);
    this.#characters += characters;
    this.#waiting.push(waiting);
    this.#measure();
  }

  /** How many requests wait for their turn. */
  get waiting(): number {
    return this.#waiting.filter(({ go }) => go).length;
  }

  #leaveOf(items: number): Leave {
    this.#items += items;
    let isUnderWay = true;
    return () => {
      if (!isUnderWay) return;
      isUnderWay = false;
      this.#items -= items;
      this.#hasLeft = true;
      this.#admitSoon();
    };
  }

  /** Lets requests in while fewer items are under way. The last one may exceed that, so that a request of any size can go. */
  #admit(mostItems: number): void {
    while (this.#waiting.length > 0 && this.#items < mostItems) this.#waiting.shift()!.go?.();
    if (this.#waiting.length > 0) this.#measure();
  }

  #measure(): void {
    if (this.#look) return;
    this.#workShare();
    this.#hasLeft = false;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      const isBottleneck = this.#hasLeft && this.#workShare() >= BUSY_SHARE;
      this.#admit(this.#isOver() ? Infinity : isBottleneck ? MOST_ITEMS : this.#items + MOST_ITEMS);
    }, MEASURED_MS);
  }

  /** After the answer that made room has been sent. */
  #admitSoon(): void {
    if (this.#admitsSoon || this.#waiting.length === 0) return;
    this.#admitsSoon = true;
    setImmediate(() => {
      this.#admitsSoon = false;
      this.#admit(MOST_ITEMS);
    });
  }
}
