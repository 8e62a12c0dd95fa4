import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { beginRun, type Report } from './lastRun.js';

/** GraphiQL's own, but for the report of upstream calls: asked for with every query, and handed to the panel. */
export function createReportingFetcher(url: string): Fetcher {
  const ask = createGraphiQLFetcher({ url, headers: { 'x-upstream-calls': 'true' }, enableIncrementalDelivery: false });
  return async ({ operationName: frontName, ...params }, options) => {
    if (frontName === 'IntrospectionQuery') return ask({ operationName: frontName, ...params }, options);
    const operationName = nameIn(params.query, frontName);
    const endRun = beginRun(operationName ?? 'Query without a name');
    try {
      const answer = (await ask({ operationName, ...params }, options)) as ExecutionResult;
      endRun(reportIn(answer));
      return withoutReport(answer);
    } catch (error) {
      endRun('unanswered');
      throw error;
    }
  };
}

/** GraphiQL takes a moment to read a query. Until then, it would run it by the name of the one that stood there before. */
function nameIn(query: string, name: string | null | undefined): string | null {
  const names = [...query.replaceAll(/#.*/g, '').matchAll(/\bquery\s+(\w+)/g)].map(([, found]) => found!);
  return names.find((found) => found === name) ?? (names.length === 1 ? names[0]! : null);
}

function reportIn({ data, extensions }: ExecutionResult): Report {
  if (data === undefined) return 'refused';
  return (extensions?.upstreamCalls as Report | undefined) ?? 'silent';
}

/** The response pane shows what production would answer. Production never reports its calls. */
function withoutReport({ extensions: { upstreamCalls: _, ...extensions } = {}, ...answer }: ExecutionResult): ExecutionResult {
  return Object.keys(extensions).length > 0 ? { ...answer, extensions } : answer;
}
