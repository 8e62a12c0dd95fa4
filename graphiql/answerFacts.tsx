import { pick, useGraphiQL, type SlicesWithActions } from '@graphiql/react';
import { useSyncExternalStore } from 'react';
import { Store } from './store.js';
import { bytes, milliseconds } from './upstreamCalls/texts.js';
import { useDraft, useText } from './useDraft.js';

interface AnswerFacts {
  readonly status: number;
  readonly durationMs: number;
  readonly bytes: number;
}

const parts = pick<SlicesWithActions, 'responseEditor' | 'isFetching'>('responseEditor', 'isFetching');

/** What GraphiQL shows in the place of an answer if the variables or headers are no JSON. */
const NOT_SENT = /^\{\s*"errors": \[\s*\{\s*"message": "Request not sent\. /;

/** Of the last answer in each tab, by the tab's id. */
const lastAnswers = new Store<ReadonlyMap<string, AnswerFacts>>(new Map());

/** `answer` is what the response pane shows. Undefined: no answer came. */
export function noteAnswer(tabId: string, answer: object | undefined, facts: Omit<AnswerFacts, 'bytes'> = { status: 0, durationMs: 0 }): void {
  const answers = new Map(lastAnswers.get());
  if (answer) answers.set(tabId, { ...facts, bytes: new TextEncoder().encode(JSON.stringify(answer)).length });
  else answers.delete(tabId);
  lastAnswers.set(answers);
}

/** Below the response: how long the answer took, and its size. */
export function AnswerFooter() {
  const { tabId } = useDraft();
  const { responseEditor, isFetching } = useGraphiQL(parts);
  const isNotSent = NOT_SENT.test(useText(responseEditor));
  const facts = useSyncExternalStore(lastAnswers.subscribe, lastAnswers.get).get(tabId);
  return (
    <p className="answer-facts" role="status" aria-label="Last answer">
      {isFetching ? (
        'Waiting for the answer.'
      ) : isNotSent ? (
        'The request was not sent.'
      ) : facts ? (
        <>
          <span>HTTP {facts.status}</span>
          <span title="From sending the request until the whole answer was there">{milliseconds(facts.durationMs)}</span>
          <span title="Of the JSON, not compressed, without the report of upstream calls">{bytes(facts.bytes)}</span>
        </>
      ) : (
        'No answer in this tab yet.'
      )}
    </p>
  );
}
