import type { FieldNode } from 'graphql';
import type { Deadline } from '../deadline.js';
import { Loaders, type Sources } from '../loaders/loaders.js';
import type { AddressNeed, ContactNeed } from '../loaders/needs.js';
import type { OperationTrace } from '../telemetry/tracing.js';
import type { RecordedIds } from '../recording.js';
import type { AnswerBudget } from './limits/answerBudget.js';

/** What is recorded about an operation, and for whom. */
export interface Observers {
  /** Receives the ids that it waits for. */
  readonly waits?: RecordedIds[] | undefined;
  readonly trace?: OperationTrace | undefined;
  /** Whether its answer lists the upstream calls. */
  readonly showsCalls?: boolean;
  /** Whether it is planned instead of run. */
  readonly isPlanned?: boolean;
}

const NOBODY: Observers = {};

/** The context value of one operation. */
export class Context {
  readonly loaders: Loaders;
  readonly contactNeeds = new Map<readonly FieldNode[], ContactNeed>();
  readonly addressNeeds = new Map<readonly FieldNode[], AddressNeed>();

  constructor(
    sources: Sources,
    /** The scopes of the caller's verified token; empty for an anonymous caller. */
    readonly scopes: ReadonlySet<string>,
    deadline: Deadline,
    /** The limits of the answer. */
    readonly answer: AnswerBudget,
    readonly observers: Observers = NOBODY,
  ) {
    this.loaders = new Loaders(sources, deadline, observers.waits);
  }
}
