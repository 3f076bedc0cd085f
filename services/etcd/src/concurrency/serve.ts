import type { ApiContext } from "../api/context.ts";
import type { Router, UnaryCall } from "../grpc/server.ts";
import { Session } from "./session.ts";

/** Methods that may wait for long: each call has a session, which ends with it. */
export const serveCalls =
  (router: Router, c: ApiContext, service: string) =>
  (name: string, run: (request: Buffer, call: UnaryCall, session: Session) => Promise<void>): void =>
    router.unary(`/${service}/${name}`, (request, call) =>
      c.access.run(call, (who) => {
        const session = new Session(c, who);
        call.onClose(() => session.close());
        run(request, call, session).catch((error) => call.fail(error));
      }),
    );
