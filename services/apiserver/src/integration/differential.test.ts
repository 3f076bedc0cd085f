import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Answer, differences } from "./differential/compare.ts";
import { EXPLAINED } from "./differential/explained.ts";
import { Reference, upstreamServer } from "./differential/reference.ts";
import { SEQUENCES, type Step } from "./differential/sequences.ts";
import { hasRealEtcd } from "./etcd.ts";
import { Harness } from "./harness.ts";

const program = upstreamServer();
const skip = !program || !hasRealEtcd();

/** Ready takes upstream's server a while on a busy machine. */
const READY_ATTEMPTS_MAX = 300;

describe("the same requests to upstream's kube-apiserver and to ours", { skip }, () => {
  const harness = new Harness();
  const reference = new Reference();
  let theirs: Client;
  let ours: Client;

  before(async () => {
    await Promise.all([harness.start(1), reference.start(program!)]);
    theirs = new Client(reference.folder, reference.port);
    ours = new Client(harness.folder, harness.port(0));
    await theirs.ready();
  });
  after(() => {
    theirs?.close();
    ours?.close();
    reference.stop();
    harness.stop();
  });

  for (const [name, steps] of Object.entries(SEQUENCES)) {
    test(name, async () => {
      const unexplained: string[] = [];
      for (const step of steps) {
        const [their, our] = await Promise.all([theirs.ask(step), ours.ask(step)]);
        const found = differences(their, our).filter((line) => !EXPLAINED.some(({ difference }) => difference.test(line)));
        unexplained.push(...found.map((line) => `${step.method} ${step.path} ${JSON.stringify(step.body) ?? ""}\n  ${line}`));
      }
      assert.deepEqual(unexplained, []);
    });
  }
});

/** An administrator of one of the two. */
class Client {
  private readonly port: number;
  private readonly agent: Agent;

  constructor(folder: string, port: number) {
    const file = (name: string) => readFileSync(join(folder, name));
    this.port = port;
    this.agent = new Agent({ keepAlive: true, ca: file("ca.crt"), cert: file("admin.crt"), key: file("admin.key") });
  }

  ask({ method, path, body, type, accept }: Step): Promise<Answer> {
    const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const headers = {
      ...(sent === undefined ? {} : { "content-type": type ?? "application/json", "content-length": Buffer.byteLength(sent) }),
      ...(accept === undefined ? {} : { accept }),
    };
    return new Promise((resolve, reject) => {
      const call = request({ host: "127.0.0.1", port: this.port, method, path, headers, agent: this.agent }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          const { "content-type": contentType = "", warning } = response.headers;
          resolve({ status: response.statusCode!, type: contentType, warning: String(warning ?? ""), body: parsed(text) });
        });
      });
      call.on("error", reject);
      call.end(sent);
    });
  }

  async ready(): Promise<void> {
    for (let attempt = 0; attempt < READY_ATTEMPTS_MAX; attempt++) {
      const status = await this.ask({ method: "GET", path: "/readyz" }).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("upstream's server is not ready");
  }

  close(): void {
    this.agent.destroy();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
