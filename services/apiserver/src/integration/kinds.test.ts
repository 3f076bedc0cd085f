import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Harness } from "./harness.ts";

const KUBECTLS = Harness.kubectls();
const MANIFEST = fileURLToPath(new URL("kinds.yaml", import.meta.url));
const GOLDEN = new URL("kinds.golden.txt", import.meta.url);

/** One object of each kind: created, shown as a Table, described, changed and deleted. GOLDEN=write writes the Tables anew. */
describe("kubectl on every kind", { skip: KUBECTLS.length === 0 && "no kubectl here" }, () => {
  const harness = new Harness();
  const kubectl = KUBECTLS.at(-1)!;
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await harness.kubectl(kubectl, args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  before(() => harness.start(1));
  after(() => harness.stop());

  test("apply, get -o wide, describe, apply again, delete", async () => {
    const created = await run("apply", "-f", MANIFEST);
    assert.ok(
      created
        .trim()
        .split("\n")
        .every((line) => line.endsWith(" created")),
      created,
    );
    // The server itself looks whether the schema's level is there; all else is as it was written.
    await run("wait", "--for=condition=Dangling=False", "flowschema/batch", "--timeout=20s");
    const tables = (await run("get", "-o", "wide", "-f", MANIFEST))
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME")
      .replace(/controller-uid=[-0-9a-f]+/g, "controller-uid=UID")
      .replace(/False \(\w+\)|Unknown/g, "False (REASON)")
      .replace(/ \d+s\b/g, " AGE")
      .replace(/ +$/gm, "")
      .replace(/ {2,}/g, "  ");
    if (process.env["GOLDEN"] === "write") writeFileSync(GOLDEN, tables);
    assert.equal(tables, readFileSync(GOLDEN, "utf8"));
    const described = await run("describe", "-f", MANIFEST);
    for (const name of ["volume", "claim", "set", "job", "cron", "autoscaler", "ingress", "budget", "slow", "things.example.com"]) {
      assert.match(described, new RegExp(`^Name: +${name.replaceAll(".", "\\.")}$`, "m"));
    }
    await run("delete", "--wait=false", "-f", MANIFEST);
  });

  test("an autoscaler is the same object in v1 and v2", async () => {
    await run("create", "deployment", "web", "--image=i", "--replicas=0");
    await run("autoscale", "deployment", "web", "--max=4", "--cpu-percent=70");
    const target = "{.apiVersion}:{.spec.targetCPUUtilizationPercentage}";
    assert.equal(await run("get", "horizontalpodautoscalers.v1.autoscaling", "web", "-o", `jsonpath=${target}`), "autoscaling/v1:70");
    const metric = "{.apiVersion}:{.spec.metrics[0].resource.target.averageUtilization}";
    assert.equal(await run("get", "horizontalpodautoscalers.v2.autoscaling", "web", "-o", `jsonpath=${metric}`), "autoscaling/v2:70");
  });

  test("component statuses tell who answers", async () => {
    const shown = await run("get", "cs");
    assert.match(shown, /^etcd-0 +Healthy +ok *$/m);
    assert.match(shown, /^NAME +STATUS +MESSAGE +ERROR *$/m);
    assert.match(shown, /^scheduler +(Healthy|Unhealthy)/m);
    assert.match(await run("get", "cs", "etcd-0", "-o", "jsonpath={.conditions[0].status}"), /^True$/);
  });

  test("explain shows fields with their descriptions and values", async () => {
    assert.match(
      await run("explain", "pod.spec.containers", "--recursive"),
      /imagePullPolicy\s+<string>\n\s+enum: Always, IfNotPresent, Never/,
    );
    assert.match(await run("explain", "deploy"), /DESCRIPTION:\n +\w+.*\n(.|\n)*spec\s+<DeploymentSpec>\n +\w+/);
    assert.match(await run("explain", "cronjob.spec.schedule"), /FIELD: schedule <string>\n(.|\n)*DESCRIPTION:\n +\w+/);
  });
});
