/** Rows of cells as a Markdown table. All columns except the first are numbers. */
export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

export const milliseconds = (ms) => (ms < 10 ? ms.toFixed(2) : ms.toFixed(0));
export const megabytes = (bytes) => String(Math.round(bytes / 1e6));

/** The CPU as a multiple of that of `raw`, for the same size. */
export function ratioToRaw(result, results) {
  const raw = results.find(({ name, size }) => name === 'raw' && size === result.size);
  return result.cpuMs / raw.cpuMs;
}

/** The columns by heading. A column that is empty for all results is left out. */
const COLUMNS = {
  '': ({ title, size }) => (size ? `${title}, ${size.toLocaleString('en')}` : title),
  'CPU, ms': ({ cpuMs }) => milliseconds(cpuMs),
  'to raw': (result, results) => ratioToRaw(result, results).toFixed(2),
  spread: ({ spread }) => `±${percent(spread)}`,
  busy: ({ cpuMs, perSecond }) => percent((cpuMs * perSecond) / 1_000),
  'per second': ({ perSecond }) => Math.round(perSecond).toLocaleString('en'),
  'p50, ms': ({ p50Ms }) => milliseconds(p50Ms),
  'p99, ms': ({ p99Ms }) => milliseconds(p99Ms),
  'p50 at half load': ({ half }) => half && milliseconds(half.p50Ms),
  'p99 at half load': ({ half }) => half && milliseconds(half.p99Ms),
  'upstream p99': ({ half }) => half && milliseconds(half.upstreamP99Ms),
  'upstream calls': ({ callsPerOperation }) => callsPerOperation.toFixed(2),
  'most in a burst': ({ mostCalls }) => mostCalls,
  'peak MB': ({ peakBytes }) => megabytes(peakBytes),
};

/** The table of one case. */
export const caseTable = ({ results }) => columnTable(COLUMNS, results);

const RAMP_COLUMNS = {
  '': ({ title }) => title,
  'CPU, ms': ({ cpuMs }) => cpuMs && milliseconds(cpuMs),
  busy: ({ busy }) => busy && percent(busy),
  answered: ({ latencies }) => latencies.length.toLocaleString('en'),
  'p50, ms': ({ p50Ms }) => milliseconds(p50Ms),
  'p99, ms': ({ p99Ms }) => milliseconds(p99Ms),
  errors: ({ errors }) => [...errors].map(([kind, count]) => `${kind} ${count.toLocaleString('en')}`).join(', ') || 'none',
  'callers never served': ({ unserved }) => unserved,
  'before, MB': ({ beforeBytes }) => beforeBytes && megabytes(beforeBytes),
  'peak, MB': ({ peakBytes }) => peakBytes && megabytes(peakBytes),
  '12 s afterwards, MB': ({ afterBytes }) => afterBytes && megabytes(afterBytes),
  survived: ({ ending }) => (ending === null ? 'yes' : `**no** (${ending})`),
};

/** The table of a case with a growing number of callers, or with limited memory. */
export const rampTable = ({ ramp }) => columnTable(RAMP_COLUMNS, ramp);

function columnTable(all, results) {
  const columns = Object.entries(all)
    .map(([head, cell]) => [head, results.map((result) => cell(result, results))])
    .filter(([, cells]) => cells.some((cell) => cell !== undefined));
  const rows = results.map((_, i) => columns.map(([, cells]) => cells[i]));
  return markdownTable(columns.map(([head]) => head), rows);
}

/** The table of the case at a distance. */
export function farTable({ each: { roundTripMs }, far }) {
  const trips = (ms) => (ms / roundTripMs).toFixed(2);
  const head = ['', 'warm, ms', 'round trips', 'after 5 s idle, ms', 'round trips', 'bytes per 100 contacts', 'connections opened'];
  return markdownTable(
    head,
    far.map(({ title, warmMs, idleMs, pageBytes, connections }) => [title, milliseconds(warmMs), trips(warmMs), milliseconds(idleMs), trips(idleMs), pageBytes.toLocaleString('en'), connections]),
  );
}

const percent = (share) => `${Math.round(100 * share)} %`;
