import type { FieldNode } from 'graphql';
import type { AddressNeed } from '../loaders/addressLoader.js';
import type { ContactNeed } from '../loaders/contactLoader.js';
import type { Life } from '../life.js';
import { Loaders, type Resources } from '../loaders/loaders.js';
import type { OperationTrace } from '../telemetry/tracing.js';
import type { Watch } from '../watch.js';
import type { AnswerBudget } from './limits/answerBudget.js';

/** Who wants to know what an operation does. */
export interface Observers {
  /** Takes down what it waits for. */
  readonly watch?: Watch | undefined;
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
    resources: Resources,
    /** The scopes of the caller's verified token; empty for an anonymous caller. */
    readonly scopes: ReadonlySet<string>,
    life: Life,
    /** What the answer may hold. */
    readonly answer: AnswerBudget,
    readonly observers: Observers = NOBODY,
  ) {
    this.loaders = new Loaders(resources, life, observers.watch);
  }
}
