import type { FastifyReply } from 'fastify';
import { Aborter, type Deadline } from '../deadline.js';
import { ContactsError, overloaded } from '../errors.js';
import { Registry, type Entry } from './registry.js';
import { refuseFor } from './replies.js';

/** How long after its deadline an operation may take to answer with what it has. A million fields take a second or two. */
const GRACE_MS = 3_000;

const TOO_LATE = new ContactsError('UPSTREAM_TIMEOUT');

/** The operations under way. Each ends at its deadline, when its caller leaves, or when all must end. */
export class Deadlines {
  readonly #timeoutMs: number;
  readonly #onOverrun: () => void;
  readonly #underWay = new Registry<Entry & { readonly expire: () => void }>();
  #isOver = false;

  constructor(timeoutMs: number, onOverrun: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onOverrun = onOverrun;
  }

  /**
   * The deadline of an operation whose body was complete at `receivedAtMs` of `performance.now()`. Calls `onClose` when the
   * answer has been sent, or the caller has left.
   */
  begin(reply: FastifyReply, receivedAtMs: number, onClose: () => void): Deadline {
    const end = new Aborter();
    const expire = (): void => {
      clearTimeout(timer);
      end.abort(TOO_LATE);
      timer = setTimeout(giveUp, GRACE_MS);
    };
    // All waits have ended by now: the event loop is late, or we have a fault. The caller must not wait for it.
    const giveUp = (): void => {
      // A compressed answer counts as sent only when all of it has been read.
      if (reply.sent || reply.raw.headersSent) return;
      this.#onOverrun();
      refuseFor(overloaded(), reply);
    };
    const nowMs = performance.now();
    const endsAtMs = this.#isOver ? nowMs : receivedAtMs + this.#timeoutMs;
    let timer = setTimeout(expire, endsAtMs - nowMs);
    const operation = { expire, place: 0 };
    this.#underWay.add(operation);
    reply.raw.once('close', () => {
      clearTimeout(timer);
      this.#underWay.delete(operation);
      onClose();
      if (!reply.raw.writableFinished) end.abort(TOO_LATE);
    });
    return { signal: end, endsAtMs, waitsSince: {} };
  }

  end(): void {
    this.#isOver = true;
    for (const { expire } of this.#underWay.all()) expire();
  }
}
