import type { UpstreamPlan } from '../../src/graphql/plan/upstreamPlan.js';
import { ask, type Params } from '../ask.js';
import type { PlanAnswer } from './shown.js';

/** Asks for the plan of an operation. Nothing runs. */
export async function askForPlan(params: Params, headers: Readonly<Record<string, string>>): Promise<PlanAnswer> {
  try {
    const { data, errors, extensions } = (await ask(params, { ...headers, 'x-upstream-calls': 'plan' })).answer;
    const plan = extensions?.upstreamPlan as UpstreamPlan | undefined;
    if (plan) return plan;
    return errors && !data ? { refused: errors.map(({ message }) => message) } : 'silent';
  } catch {
    return 'unanswered';
  }
}
