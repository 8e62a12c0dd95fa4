// Charts as SVG texts that are readable in a diff.
const WIDTH = 760;
const LABELS = 150;
const BAR = 16;
const GROUP_HEAD = 22;
const GROUP_GAP = 10;
const NUMBERS = 60;
const COLOURS = ['#8a8f98', '#1f6feb', '#d29922', '#a371f7', '#cf222e'];

/** Groups of bars. `colour` is the number of a contestant. `mark` draws a line at a value. */
export function barChart({ title, groups, format, mark }) {
  const longest = Math.max(mark ?? 0, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const scale = (WIDTH - LABELS - NUMBERS) / longest;
  const parts = [];
  let y = 40;
  for (const { label, bars } of groups) {
    parts.push(text(10, y + 14, label, 'font-weight="600"'));
    y += GROUP_HEAD;
    for (const bar of bars) {
      const width = Math.max(1, bar.value * scale);
      parts.push(text(20, y + 12, bar.label));
      parts.push(`<rect x="${LABELS}" y="${y + 2}" width="${width.toFixed(1)}" height="${BAR - 4}" fill="${COLOURS[bar.colour]}"/>`);
      parts.push(text(LABELS + width + 6, y + 12, format(bar.value)));
      y += BAR;
    }
    y += GROUP_GAP;
  }
  if (mark !== undefined) {
    const x = (LABELS + mark * scale).toFixed(1);
    parts.push(`<line x1="${x}" y1="40" x2="${x}" y2="${y - GROUP_GAP}" stroke="#57606a" stroke-dasharray="3 3"/>`);
  }
  return svg(title, y, parts);
}

/** Lines over one axis that starts at zero. */
export function lineChart({ title, lines, xLabel, format }) {
  const height = 260;
  const [left, right, top, bottom] = [70, WIDTH - 20, 50, height - 40];
  const points = lines.flatMap((line) => line.points);
  const most = [Math.max(...points.map(([x]) => x)), Math.max(...points.map(([, y]) => y)) * 1.1];
  const place = ([x, y]) => `${(left + (x / most[0]) * (right - left)).toFixed(1)},${(bottom - (y / most[1]) * (bottom - top)).toFixed(1)}`;
  const parts = [`<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#57606a"/>`];
  for (const share of [0.25, 0.5, 0.75, 1]) parts.push(text(8, bottom - share * (bottom - top) + 4, format(share * most[1])));
  for (const [i, line] of lines.entries()) {
    parts.push(`<polyline points="${line.points.map(place).join(' ')}" fill="none" stroke="${COLOURS[line.colour]}" stroke-width="1.5"/>`);
    parts.push(text(right - 150, top + 16 * i, line.label, `fill="${COLOURS[line.colour]}"`));
  }
  parts.push(text(left, height - 12, `${xLabel}, 0 to ${most[0].toLocaleString('en')}`));
  return svg(title, height, parts);
}

function svg(title, height, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    text(10, 22, title, 'font-size="15" font-weight="600"'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

const text = (x, y, words, more = '') => `<text x="${Number(x).toFixed(1)}" y="${Number(y).toFixed(1)}" ${more.includes('fill=') ? more : `fill="#1f2328" ${more}`.trim()}>${escaped(words)}</text>`;
const escaped = (words) => String(words).replace(/&/g, '&amp;').replace(/</g, '&lt;');
