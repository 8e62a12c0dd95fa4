export const median = (numbers) => percentile(numbers, 0.5);

/** The smallest number that at least this share of the numbers does not exceed; NaN for an empty list. */
export function percentile(numbers, share) {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
