/**
 * Calls `fn` `count` times in batches of 1, 2, 4 … (upstream's slowStartBatch): when every
 * call would fail (quota), only one does before the rest is given up.
 * Returns how many succeeded, and the first error.
 */
export async function slowStart(count: number, fn: (index: number) => Promise<void>): Promise<{ done: number; error?: unknown }> {
  let done = 0;
  for (let started = 0, size = 1; started < count; size *= 2) {
    const batch = Math.min(size, count - started);
    const results = await Promise.allSettled(Array.from({ length: batch }, (_, i) => fn(started + i)));
    started += batch;
    done += results.filter((r) => r.status === "fulfilled").length;
    const failed = results.find((r) => r.status === "rejected");
    if (failed) return { done, error: failed.reason };
  }
  return { done };
}
