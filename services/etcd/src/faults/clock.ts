import type { Clock, Timer } from "@flotilla/base";
import type { Faults } from "./state.ts";

/**
 * A clock that is wrong by an offset and runs at a wrong rate. Monotonic time
 * stays monotonic: each change of the rate begins where the last one ended.
 * Timers take the rate of the moment they are set; periods follow it.
 */
export function skewedClock(inner: Clock, faults: Faults): Clock {
  let rate = 1;
  let inner_ms = inner.monotonic();
  let skewed_ms = inner_ms;
  /** How far the wrong rate has carried the clock. */
  const drifted_ms = () => skewed_ms - inner_ms;

  const settle = (): void => {
    const now_ms = inner.monotonic();
    skewed_ms += (now_ms - inner_ms) * rate;
    inner_ms = now_ms;
    rate = 1 + faults.current.clock.drift_ppm / 1e6;
  };
  const later = (fn: () => void, delay_ms: number): Timer => {
    settle();
    return inner.setTimeout(fn, delay_ms / rate);
  };
  const repeat = (fn: () => void, period_ms: number): Timer => {
    let timer: Timer;
    const next = () => {
      timer = later(() => {
        next();
        fn();
      }, period_ms);
    };
    next();
    return { cancel: () => timer.cancel() };
  };
  return {
    now() {
      settle();
      return inner.now() + drifted_ms() + faults.current.clock.offset_ms;
    },
    monotonic() {
      settle();
      return skewed_ms;
    },
    setTimeout: later,
    setInterval: repeat,
  };
}
