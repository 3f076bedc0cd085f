import type { Clock } from "@flotilla/base";

/** Real time. Only `main.ts` files hand this out. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(fn, delay_ms) {
    const timer = setTimeout(fn, delay_ms);
    return { cancel: () => clearTimeout(timer) };
  },
  setInterval(fn, period_ms) {
    const timer = setInterval(fn, period_ms);
    return { cancel: () => clearInterval(timer) };
  },
};
