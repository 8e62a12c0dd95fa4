import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { isRecord } from '../record.js';

export interface Options {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly operationName: string | undefined;
  readonly scopes: ReadonlySet<string>;
  /** How many calls the operation may make. Undefined: any number. */
  readonly maxCalls: number | undefined;
  /** Whether that includes the calls of rare cases. */
  readonly isStrict: boolean;
  readonly mostRepresentatives: number | undefined;
  readonly asJson: boolean;
}

export const HELP = `npm run -s explain -- FILE [options]

Says which upstream calls a query makes, without a call. FILE holds the query; - reads it from standard input.
Exits with 1 when the query makes more calls than --max-calls allows, and with 2 when it cannot be explained.

  --variables JSON     its variables: a JSON object, or a file that holds one
  --operation NAME     which operation, if the file has several
  --max-calls N        how many calls it may make
  --strict             count the calls of rare cases too
  --representatives N  how many representatives a contact has at most; otherwise nobody knows
  --scopes "A B"       the scopes of the caller; without its scope, a field needs no call
  --json               the whole plan as JSON

Limits and chunk sizes are those of the environment, as for npm run serve.
`;

/** Undefined if help is asked for. Rejects with an error whose message is meant for the user. */
export async function readOptions(words: readonly string[]): Promise<Options | undefined> {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      variables: { type: 'string' },
      operation: { type: 'string' },
      'max-calls': { type: 'string' },
      strict: { type: 'boolean', default: false },
      representatives: { type: 'string' },
      scopes: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new Error('Name one file with a query, or - for standard input.');
  return {
    query: file === '-' ? await text(process.stdin) : read(file),
    variables: values.variables === undefined ? {} : variablesIn(values.variables),
    operationName: values.operation,
    scopes: new Set(values.scopes.split(/[\s,]+/).filter(Boolean)),
    maxCalls: number('--max-calls', values['max-calls']),
    isStrict: values.strict,
    mostRepresentatives: number('--representatives', values.representatives),
    asJson: values.json,
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, { cause: error });
  }
}

function variablesIn(given: string): Record<string, unknown> {
  const isJson = /^\s*(?:[{["]|$)/.test(given);
  const json = isJson ? given : read(given);
  try {
    // Editors on Windows begin a file with a byte order mark, which JSON.parse refuses and trim() removes.
    const variables: unknown = JSON.parse(json.trim());
    if (isRecord(variables)) return variables;
  } catch {
    // The same message.
  }
  throw new Error(`${isJson ? '--variables' : given} must be a JSON object.`);
}

function number(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`${option} must be a whole number, such as 5.`);
}
