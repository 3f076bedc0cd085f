import { request } from "node:https";
import { type Node as KubeNode, Nodes } from "@flotilla/api";
import { type Clock, sleep } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import { decode, encode, RECURSION_DESIRED } from "dns-packet";
import { connectInside } from "../forward.ts";

/** Tries until it returns something; the last reason is in the error. @throws Error at the deadline */
export async function until<T>(clock: Clock, deadline_ms: number, pause_ms: number, attempt: () => Promise<T | undefined>): Promise<T> {
  let why = "no answer";
  for (;;) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      why = (error as Error).message;
    }
    if (clock.monotonic() >= deadline_ms) throw new Error(`not in time; last: ${why}`);
    await sleep(clock, pause_ms);
  }
}

/** GET https://127.0.0.1:port/readyz; undefined unless 200. */
export function readyz(port: number, ca: string): Promise<true | undefined> {
  return new Promise((resolve, reject) => {
    const req = request({ host: "127.0.0.1", port, path: "/readyz", ca, timeout: 2000, agent: false }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve(true);
      else reject(new Error(`/readyz answers ${response.statusCode}`));
    });
    req.on("timeout", () => req.destroy(new Error("/readyz: no answer in 2 s")));
    req.on("error", reject);
    req.end();
  });
}

const isReady = (node: KubeNode): boolean => node.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

/** Resolves when all of `names` are Ready; tells how many are on the way. */
export async function nodesReady(
  client: ApiClient,
  clock: Clock,
  names: readonly string[],
  deadline_ms: number,
  say: (message: string) => void,
): Promise<void> {
  let missing: string[] = [...names];
  await until(clock, deadline_ms, 150, async () => {
    const { items } = await client.list(Nodes, { resourceVersion: "0" });
    const ready = new Set(items.filter(isReady).map((node) => node.metadata.name));
    missing = names.filter((name) => !ready.has(name));
    say(`Nodes Ready: ${names.length - missing.length} of ${names.length}`);
    return missing.length === 0 ? true : undefined;
  }).catch((error) => {
    throw new Error(`${missing.join(", ")} not Ready (${(error as Error).message}); see \`flotilla logs kubelet@${missing[0]}\``);
  });
}

/** One question to a DNS server inside the cluster, over TCP (RFC 1035, 4.2.2). Resolves to the answers' data. */
export async function askDns(forwardSocket: string, server: string, name: string): Promise<string[] | undefined> {
  const socket = await connectInside(forwardSocket, `${server}:53`);
  try {
    const question = encode({ type: "query", id: 1, flags: RECURSION_DESIRED, questions: [{ type: "A", name }] });
    const size = Buffer.alloc(2);
    size.writeUInt16BE(question.length);
    socket.write(Buffer.concat([size, question]));
    socket.setTimeout(1000, () => socket.destroy(new Error("DNS: no answer in 1 s")));
    let seen = Buffer.alloc(0);
    for await (const chunk of socket) {
      seen = Buffer.concat([seen, chunk as Buffer]);
      if (seen.length < 2 || seen.length < 2 + seen.readUInt16BE(0)) continue;
      const answers = decode(seen.subarray(2)).answers ?? [];
      const found = answers.flatMap((a) => (a.type === "A" ? [a.data] : []));
      return found.length > 0 ? found : undefined;
    }
    return undefined;
  } finally {
    socket.destroy();
  }
}
