import { serveElection } from "../concurrency/election.ts";
import { serveLock } from "../concurrency/lock.ts";
import type { Router } from "../grpc/server.ts";
import { serveAuth } from "./auth.ts";
import { serveCluster } from "./cluster.ts";
import type { ApiContext } from "./context.ts";
import { serveHealth } from "./health.ts";
import { serveKv } from "./kv.ts";
import { serveLease } from "./lease.ts";
import { serveMaintenance } from "./maintenance.ts";
import { serveWatch } from "./watch.ts";

/** All of etcd's client API on one router. */
export function serveClientApi(router: Router, c: ApiContext, progressNotify_ms: number): { stop(): void } {
  serveKv(router, c);
  const watch = serveWatch(router, c, progressNotify_ms);
  const lease = serveLease(router, c);
  serveCluster(router, c);
  serveMaintenance(router, c);
  serveAuth(router, c);
  serveLock(router, c);
  serveElection(router, c);
  serveHealth(router);
  return {
    stop() {
      watch.stop();
      lease.stop();
    },
  };
}
