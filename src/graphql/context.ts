import type { FieldNode } from 'graphql';
import type { AddressNeed } from '../loaders/addressLoader.js';
import type { ContactNeed } from '../loaders/contactLoader.js';
import type { Deadline } from '../deadline.js';
import { Loaders, type Sources } from '../loaders/loaders.js';
import type { OperationTrace } from '../telemetry/tracing.js';
import type { RecordedIds } from '../recording.js';
import type { AnswerBudget } from './limits/answerBudget.js';

/** Who wants to know what an operation does. */
export interface Observers {
  /** Records what it waits for. */
  readonly waits?: RecordedIds[] | undefined;
  readonly trace?: OperationTrace | undefined;
  /** Whether its answer tells of the upstream calls. */
  readonly showsCalls?: boolean;
}

const NOBODY: Observers = {};

/** What one operation carries from resolver to resolver. */
export class Context {
  readonly loaders: Loaders;
  readonly contactNeeds = new Map<readonly FieldNode[], ContactNeed>();
  readonly addressNeeds = new Map<readonly FieldNode[], AddressNeed>();

  constructor(
    sources: Sources,
    /** The scopes of the caller's verified token; empty for an anonymous caller. */
    readonly scopes: ReadonlySet<string>,
    deadline: Deadline,
    /** What the answer may hold. */
    readonly answer: AnswerBudget,
    readonly observers: Observers = NOBODY,
  ) {
    this.loaders = new Loaders(sources, deadline, observers.waits);
  }
}
