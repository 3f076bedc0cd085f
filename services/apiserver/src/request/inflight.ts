import { apiError } from "@flotilla/api";
import type { Call, Reply } from "./call.ts";

const MUTATING = new Set(["create", "update", "patch", "delete", "deletecollection"]);
const LONG_RUNNING_SUBRESOURCES = new Set(["exec", "attach", "portforward", "log", "proxy"]);

export const isLongRunning = ({ info }: Pick<Call, "info">): boolean =>
  info.verb === "watch" || LONG_RUNNING_SUBRESOURCES.has(info.subresource);

/** --max-requests-inflight and --max-mutating-requests-inflight; 0 means no limit. Long-running requests do not count. */
export class Inflight {
  private readonly limits: { mutating: number; reading: number };
  readonly running = { mutating: 0, reading: 0 };

  constructor(reading: number, mutating: number) {
    this.limits = { reading, mutating };
  }

  /** @throws ApiError TooManyRequests at the limit. */
  async run(call: Call, work: () => Promise<Reply>): Promise<Reply> {
    // system:masters may always repair an overloaded server, as upstream.
    if (isLongRunning(call) || call.user.groups.includes("system:masters")) return work();
    const kind = MUTATING.has(call.info.verb) ? "mutating" : "reading";
    if (this.limits[kind] > 0 && this.running[kind] >= this.limits[kind]) {
      throw apiError("TooManyRequests", "The server is busy, please try again later.", { retryAfterSeconds: 1 });
    }
    this.running[kind]++;
    try {
      return await work();
    } finally {
      this.running[kind]--;
    }
  }
}
