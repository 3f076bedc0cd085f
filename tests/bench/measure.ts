/** Middle value; the mean of the two middle ones for an even count. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Value below which `share` (0..1) of the samples lie, nearest rank. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

export async function timed_s(run: () => Promise<unknown>): Promise<number> {
  const at = performance.now();
  await run();
  return (performance.now() - at) / 1000;
}
