import type { Logger } from "@flotilla/base";
import type { Router, UnaryCall } from "../grpc/server.ts";
import { Writer } from "../wire/writer.ts";
import { decodeSetRequest, writeFaultSet } from "./codec.ts";
import type { Faults } from "./state.ts";

export const FAULTS_PATH = "/flotilla.control.v1.Faults";

/** flotilla.control.v1.Faults: switches this member's faults. */
export function serveFaults(router: Router, faults: Faults, log: Logger): void {
  const reply = (call: UnaryCall) => {
    const w = new Writer();
    w.message(0x0a, () => writeFaultSet(w, faults.current));
    for (const [strike, count] of faults.struck) w.message(0x12, () => void w.text(0x0a, strike).int(0x10, count));
    call.reply(w.finish());
  };
  router.unary(`${FAULTS_PATH}/GetFaults`, (_request, call) => reply(call));
  router.unary(`${FAULTS_PATH}/SetFaults`, (request, call) => {
    const parts = decodeSetRequest(request);
    faults.set(parts);
    log.warn("faults are injected", { faults: parts });
    reply(call);
  });
  router.unary(`${FAULTS_PATH}/ClearFaults`, (_request, call) => {
    faults.clear();
    log.warn("faults are cleared");
    reply(call);
  });
}
