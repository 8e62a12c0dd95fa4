export const median = (numbers) => percentile(numbers, 0.5);

/** The smallest number that at least this share of them does not exceed; NaN of nothing. */
export function percentile(numbers, share) {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
