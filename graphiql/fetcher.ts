import type { Fetcher, Observable } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { noteAnswer } from './answerFacts.js';
import { ask } from './ask.js';
import { NAMELESS, operationNameIn } from './upstreamCalls/operation.js';
import { askForPlan } from './upstreamCalls/planning.js';
import { addPlan, begin, type Report } from './upstreamCalls/shown.js';
import { draftInFront } from './useDraft.js';

const NO_ANSWER = 'No answer came. The service may have ended, or a proxy answered in its place.';

/** What GraphiQL subscribes with. */
interface Observer<T> {
  readonly next: (value: T) => void;
  readonly error: (reason: unknown) => void;
  readonly complete: () => void;
}

/** Runs operations for GraphiQL. With `showsUpstreamCalls`, asks for the report and the plan of each, and hands both to the panel. */
export function createFetcher(showsUpstreamCalls: boolean): Fetcher {
  return async ({ operationName: frontName, ...params }, { headers = {} } = {}) => {
    if (frontName === 'IntrospectionQuery') return (await ask({ ...params, operationName: frontName }, headers)).answer;
    const draft = draftInFront();
    const request = { ...params, operationName: operationNameIn(params.query, frontName) };
    const name = request.operationName ?? NAMELESS;
    const end = showsUpstreamCalls ? begin('run', draft, name) : undefined;
    return stoppable(async (signal) => {
      try {
        const { answer, ...facts } = await ask(request, { ...headers, ...(end && { 'x-upstream-calls': 'true' }) }, signal);
        const shown = withoutReport(answer);
        noteAnswer(draft.tabId, shown, facts);
        const report = reportIn(answer);
        end?.({ report });
        // After the run, so that planning does not slow it down.
        if (end && typeof report === 'object') void addPlan(draft, () => askForPlan(request, headers));
        return shown;
      } catch (error) {
        noteAnswer(draft.tabId, undefined);
        end?.({ report: signal.aborted ? 'stopped' : 'unanswered' });
        throw error;
      }
    });
  };
}

/**
 * GraphiQL unsubscribes when a run is stopped, or when another tab comes to the front. It cannot end a promise: the answer would
 * stand in whichever tab is in front when it comes.
 */
function stoppable<T>(run: (signal: AbortSignal) => Promise<T>): Observable<T> {
  const subscribe = ({ next, error, complete }: Observer<T>) => {
    const aborter = new AbortController();
    const unlessStopped = <Value>(pass: (value: Value) => void) => (value: Value) => aborter.signal.aborted || pass(value);
    run(aborter.signal).then(unlessStopped(next), unlessStopped(() => error({ message: NO_ANSWER }))).then(unlessStopped(complete));
    return { unsubscribe: () => aborter.abort() };
  };
  // GraphiQL uses the form of `subscribe` that takes an object.
  return { subscribe } as Observable<T>;
}

function reportIn({ data, extensions }: ExecutionResult): Report {
  if (data === undefined) return 'refused';
  return (extensions?.upstreamCalls as Report | undefined) ?? 'silent';
}

/** The response pane shows what production would answer. Production never reports its calls. */
function withoutReport({ extensions: { upstreamCalls: _, ...extensions } = {}, ...answer }: ExecutionResult): ExecutionResult {
  return Object.keys(extensions).length > 0 ? { ...answer, extensions } : answer;
}
