import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [options]

  --case one,list   only these cases
  --quick           fewer and shorter rounds
  --server main.js  another build of this service
  --soak            also a million operations, and the memory over them
  --report          writes bench/report.md and its charts

In place of the comparison:
  --profile         a CPU profile of this service
  --sweep           each kind of operation with 1, 4, 16 and 64 callers
  --burst           50 to 500 callers in 10 seconds
  --memory          64 callers of a server with 512 MB (Linux, as root)
  --gate            this build and the last release; fails if a case is 5 % dearer
    --against dir   this built checkout in place of the last release
`;

const boolean = { type: 'boolean', default: false };
const string = { type: 'string' };
const options = { case: string, quick: boolean, server: string, soak: boolean, report: boolean, profile: boolean, sweep: boolean, burst: boolean, memory: boolean, gate: boolean, against: string, help: boolean };

/** Throws with the list of options if one is wrong. */
export function readOptions() {
  try {
    const { values } = parseArgs({ options });
    const instead = ['profile', 'sweep', 'burst', 'memory', 'gate'].filter((name) => values[name]);
    if (instead.length > 1) throw new Error(`Choose one of --${instead.join(' and --')}.`);
    if (instead.length > 0 && (values.report || values.soak)) throw new Error(`--report and --soak are for the comparison: leave out --${instead[0]}.`);
    if (values.report && values.server) throw new Error('A report is about the build of this checkout: leave out --server.');
    if (values.against && !values.gate) throw new Error('--against is for --gate.');
    return { ...values, mode: instead[0] ?? 'standard' };
  } catch (error) {
    throw new Error(`${error.message}\n\n${USAGE}`, { cause: error });
  }
}
