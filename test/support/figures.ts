/** The value below which `part` (0 to 1) of all lie. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? NaN;
}

/** The rise of `y` for each `x`, by least squares. */
export function slope(points: readonly { x: number; y: number }[]): number {
  const mean = (of: (point: { x: number; y: number }) => number): number => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  return mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
}

export const ms = (value: number): string => `${value.toFixed(1)} ms`;
export const percent = (part: number): string => `${(100 * part).toFixed(3)} %`;

/** One line of the run's report. */
export function report(subject: string, figures: Record<string, string | number>): void {
  const told = Object.entries(figures).map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toFixed(3)) : value}`);
  process.stdout.write(`  ${subject}: ${told.join(', ')}\n`);
}
