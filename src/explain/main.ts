import { fileURLToPath } from 'node:url';
import { plannedResources } from '../build/sources.js';
import { readConfig, type Config } from '../config.js';
import { Aborter } from '../deadline.js';
import { Context } from '../graphql/context.js';
import { AnswerBudget } from '../graphql/limits/answerBudget.js';
import { Turns } from '../graphql/limits/turns.js';
import type { UpstreamPlan } from '../graphql/plan/upstreamPlan.js';
import { readTypeDefs } from '../graphql/schema.js';
import { createGraphqlServer } from '../graphql/server.js';
import { HELP, readOptions, type Options } from './options.js';
import { rangeOf, tableOf } from './table.js';

/**
 * Both systems are planned for, whether they are set up here or not. Only limits and chunk sizes come from the environment: a CI
 * need not have the secrets, and plans are the same with them. The base URL counts, since its path is a part of each call's path.
 */
function settingsFor(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const limits = Object.entries(env).filter(([name]) => /^(?:CAS360_)?MAX_/.test(name));
  return {
    ...Object.fromEntries(limits),
    PMS_BASE_URL: 'https://pms.invalid', PMS_TOKEN_URL: 'https://pms.invalid', PMS_CLIENT_ID: 'none', PMS_CLIENT_SECRET: 'none',
    CAS360_BASE_URL: env.CAS360_BASE_URL || 'https://cas360.invalid', CAS360_CLIENT_ID: 'none', CAS360_CLIENT_SECRET: 'none', CAS360_REFRESH_TOKEN: 'none',
  };
}

const NO_SOURCES = { pmsContacts: undefined, cas360Contacts: undefined, cas360Addresses: undefined };
const quiet = (): void => {};

/** Throws an error with the messages of an operation that is refused. */
async function explain({ query, variables, operationName, scopes, mostRepresentatives }: Options, config: Config): Promise<UpstreamPlan> {
  const server = createGraphqlServer({
    ...config,
    typeDefs: readTypeDefs(fileURLToPath(new URL('../../schema', import.meta.url))),
    introspection: true,
    compile: false,
    plans: { resources: plannedResources(config), mostRepresentatives },
    log: { info: quiet, warn: quiet, error: quiet },
    onOperation: quiet,
  });
  await server.start();
  const answer = new AnswerBudget(config.limits, new Turns());
  const deadline = { signal: new Aborter(), endsAtMs: Infinity };
  const contextValue = new Context(NO_SOURCES, scopes, deadline, answer, { isPlanned: true });
  const { body } = await server.executeOperation({ query, variables, ...(operationName !== undefined && { operationName }) }, { contextValue });
  const { errors = [], extensions } = body.kind === 'single' ? body.singleResult : {};
  if (errors.length === 0 && extensions?.upstreamPlan) return extensions.upstreamPlan as UpstreamPlan;
  const places = errors.map(({ message, locations = [] }) => `${locations.map(({ line, column }) => `line ${line}, column ${column}: `).join('')}${message.replaceAll('`operationName`', '`--operation`')}`);
  throw new Error(`The query would be refused:\n${places.map((place) => `- ${place}`).join('\n')}`);
}

/** Resolves to the exit code. */
async function run(options: Options): Promise<number> {
  const plan = await explain(options, readConfig(settingsFor(process.env)));
  const { maxCalls, isStrict, asJson } = options;
  const calls = isStrict ? { ...plan.calls, atMost: plan.calls.inRareCases } : plan.calls;
  const isBeyond = maxCalls !== undefined && (calls.atMost === null || calls.atMost > maxCalls);
  process.stdout.write(asJson ? `${JSON.stringify(plan, null, 2)}\n` : tableOf(plan));
  if (maxCalls === undefined) return 0;
  const advice = calls.atMost === null ? ' Say how many representatives a contact has at most: --representatives N.' : '';
  const count = rangeOf(calls) === '1' ? '1 call' : `${rangeOf(calls)} calls`;
  const said = isBeyond ? `Beyond the budget of ${maxCalls}: ${count}.${advice}` : `Within the budget of ${maxCalls}: ${count}.`;
  (isBeyond || asJson ? process.stderr : process.stdout).write(`${said}\n`);
  return isBeyond ? 1 : 0;
}

// `head` closes the pipe early. The exit code is still the verdict.
process.stdout.on('error', quiet);
const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env;
// npm starts scripts in the folder of this project. Files are named from the folder in which npm was called.
if (script === 'explain' && folder) process.chdir(folder);
try {
  const options = await readOptions(process.argv.slice(2));
  if (options) process.exitCode = await run(options);
  else process.stdout.write(HELP);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
