import { seededRandom, silentLogger } from "@flotilla/base";
import { createEventRecorder, createInformerFactory } from "@flotilla/client";
import { FakeApiClient } from "@flotilla/client/fake/index.ts";
import { FakeClock } from "@flotilla/testing";
import { defaultConfig, type ManagerConfig } from "../config.ts";
import type { ControllerContext, ControllerDefinition } from "../context.ts";

/** Controllers in virtual time on an in-memory API: for unit tests of their loops. */
export function startControllers(start: ControllerDefinition["start"][], config: Partial<ManagerConfig> = {}) {
  const clock = new FakeClock();
  const api = new FakeApiClient(clock);
  const random = seededRandom(7);
  const stop = new AbortController();
  const informers = createInformerFactory({ client: api, clock, random, log: silentLogger });
  const context: ControllerContext = {
    client: api,
    informers,
    clock,
    random,
    log: silentLogger,
    config: { ...defaultConfig, ...config },
    signal: stop.signal,
    recorder: (component) => createEventRecorder({ client: api, clock, log: silentLogger }, { component }),
  };
  for (const one of start) one(context);
  informers.start(stop.signal);
  /** Lets everything that is due within `delta_ms` happen. */
  const run = async (delta_ms = 50) => {
    for (let i = 0; i < 10; i++) await clock.advanceAsync(delta_ms / 10);
  };
  return { clock, api, context, run, stop };
}
