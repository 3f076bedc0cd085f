import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Caller } from "./caller.ts";
import { crd } from "./crontab.ts";
import { Harness } from "./harness.ts";

const KUBECTL = Harness.kubectls().at(-1);
const skip = KUBECTL ? false : "no kubectl on this machine";
const harness = new Harness();
let admin: Caller;

const cronTab = (name: string, spec: object, more: object = {}) => ({
  apiVersion: "stable.example.com/v1",
  kind: "CronTab",
  metadata: { name },
  spec: { cronSpec: "* * * * */5", ...spec },
  ...more,
});

const CRONTABS = "/apis/stable.example.com/v1/namespaces/default/crontabs";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await harness.kubectl(KUBECTL!, args);
  return `${stdout}${stderr}`.trim() + (code === 0 ? "" : ` [${code}]`);
};
const apply = async (object: object, ...args: string[]) => {
  const { code, stdout, stderr } = await harness.kubectl(KUBECTL!, ["apply", "-f", "-", ...args], { stdin: JSON.stringify(object) });
  return `${stdout}${stderr}`.trim() + (code === 0 ? "" : ` [${code}]`);
};

async function until<T>(what: string, probe: () => Promise<T | undefined | false>, timeout_ms = 40_000): Promise<T> {
  for (const end = Date.now() + timeout_ms; Date.now() < end; ) {
    const found = await probe();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not within ${timeout_ms} ms: ${what}`);
}

before(async () => {
  if (skip) return;
  await harness.start(2);
  admin = Caller.admin(harness);
});
after(() => harness.stop());

test("a definition is served by every replica at once", { skip }, async () => {
  assert.equal(await apply(crd("stable.example.com")), "customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com created");
  const started = Date.now();
  for (const replica of [0, 1]) await until(`replica ${replica}`, async () => (await admin.ask(CRONTABS, { replica })).status === 200);
  // Some 50 ms here; the bound leaves room for a busy machine.
  assert.ok(Date.now() - started < 3_000);
  const { json } = await admin.ask(`${CRDS}/crontabs.stable.example.com`);
  assert.deepEqual(
    json.status.conditions.map(({ type, status, reason }: Record<string, string>) => `${type} ${status} ${reason}`),
    ["NamesAccepted True NoConflicts", "Established True InitialNamesAccepted"],
  );
  assert.equal(
    await run("wait", "--for=condition=established", "crd/crontabs.stable.example.com"),
    "customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com condition met",
  );
});

test("kubectl gets, explains and changes custom resources like any other", { skip }, async () => {
  assert.equal(await apply(cronTab("a", { replicas: 2 })), "crontab.stable.example.com/a created");
  const [head, row] = (await run("get", "ct")).split("\n");
  assert.match(head!, /^NAME +SPEC +REPLICAS +AGE$/);
  assert.match(row!, /^a +\* \* \* \* \*\/5 +2 +\d+s$/);
  assert.match(await run("get", "all"), /crontab\.stable\.example\.com\/a/);
  assert.equal(await run("get", "crontab", "a", "-o", "jsonpath={.spec.image} {.metadata.generation}"), "busybox 1");
  assert.match(await run("explain", "crontabs.spec.cronSpec"), /FIELD: cronSpec <string>\s+DESCRIPTION:\s+When to run, in five fields\./);
  assert.match(await run("api-resources", "--api-group=stable.example.com"), /crontabs +ct +stable\.example\.com\/v1 +true +CronTab/);
  assert.equal(await apply(cronTab("a", { replicas: 3 })), "crontab.stable.example.com/a configured");
  const diff = await harness.kubectl(KUBECTL!, ["diff", "-f", "-"], { stdin: JSON.stringify(cronTab("a", { replicas: 4 })) });
  assert.equal(diff.code, 1);
  assert.match(diff.stdout, /^- {2}replicas: 3\n\+ {2}replicas: 4$/m);
  assert.equal(await run("patch", "ct", "a", "--type=merge", "-p", '{"spec":{"max":5}}'), "crontab.stable.example.com/a patched");
  assert.equal(await run("scale", "--replicas=5", "ct/a"), "crontab.stable.example.com/a scaled");
  assert.equal(await run("get", "ct", "a", "-o", "jsonpath={.spec.replicas} {.spec.max} {.metadata.generation}"), "5 5 4");
  assert.match(await run("get", "ct", "--field-selector=spec.image=busybox", "-o", "name"), /crontab.stable.example.com\/a/);
  assert.equal(await run("get", "ct", "--field-selector=spec.image=other", "-o", "name"), "");
  assert.match(await run("describe", "ct", "a"), /Cron Spec: +\* \* \* \* \*\/5/);
  assert.equal(await run("label", "ct", "a", "x=y"), "crontab.stable.example.com/a labeled");
});

test("the status has its own way", { skip }, async () => {
  const put = await admin.merge(`${CRONTABS}/a/status`, { status: { replicas: 4, labelSelector: "app=a" }, spec: { replicas: 9 } });
  assert.equal(put.status, 200);
  assert.deepEqual([put.json.spec.replicas, put.json.status.replicas], [5, 4]);
  const scale = await admin.ask(`${CRONTABS}/a/scale`);
  assert.deepEqual([scale.json.spec, scale.json.status], [{ replicas: 5 }, { replicas: 4, selector: "app=a" }]);
  const main = await admin.merge(`${CRONTABS}/a`, { status: { replicas: 7 } });
  assert.equal(main.json.status.replicas, 4);
});

test("what does not conform is refused in upstream's words", { skip }, async () => {
  for (const [spec, wanted] of [
    [{ cronSpec: "* *" }, `spec.cronSpec: Invalid value: "* *": spec.cronSpec in body should match '^(\\S+\\s+){4}\\S+$'`],
    [{ replicas: 11 }, "spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10"],
    [{ replicas: "x" }, `spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"`],
    [{ cronSpec: undefined }, "spec.cronSpec: Required value"],
    [{ min: 3, max: 2 }, `spec: Invalid value: "object": min must not be above max`],
    [{ env: [{ name: "a" }, { name: "a" }] }, `spec.env[1]: Duplicate value: {"name":"a"}`],
    [{ port: 1.5 }, `spec.port: Invalid value: "number": spec.port in body must be of type integer,string: "number"`],
  ] as const) {
    const { status, json } = await admin.post(CRONTABS, cronTab("bad", spec));
    assert.equal(status, 422, JSON.stringify(spec));
    assert.equal(json.message, `CronTab.stable.example.com "bad" is invalid: ${wanted}`);
  }
  const changed = await admin.merge(`${CRONTABS}/a`, { spec: { image: "other" } });
  assert.equal(changed.json.message, 'CronTab.stable.example.com "a" is invalid: spec.image: Invalid value: "object": image is immutable');
});

test("unknown fields are pruned, named or refused; what is to be preserved stays", { skip }, async () => {
  const spec = { foo: 1, extra: { any: { thing: [1] } }, env: [{ name: "a", bar: 2 }] };
  const made = await admin.post(`${CRONTABS}?dryRun=All`, cronTab("b", spec));
  assert.equal(made.status, 201);
  assert.deepEqual(made.json.spec, {
    cronSpec: "* * * * */5",
    extra: { any: { thing: [1] } },
    env: [{ name: "a" }],
    image: "busybox",
    replicas: 1,
  });
  assert.match(String(made.headers["warning"]), /unknown field \\"spec\.foo\\"/);
  const strict = await admin.post(`${CRONTABS}?fieldValidation=Strict`, cronTab("b", spec));
  assert.equal(strict.status, 400);
  assert.equal(
    strict.json.message,
    'CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.foo", unknown field "spec.env[0].bar"',
  );
});

test("server-side apply merges by the schema's lists; there is no strategic merge", { skip }, async () => {
  const body = (name: string, value: string) => ({ ...cronTab("ssa", { env: [{ name, value }] }) });
  const applied = async (manager: string, object: object) =>
    admin.ask(`${CRONTABS}/ssa?fieldManager=${manager}`, {
      method: "PATCH",
      body: object,
      headers: { "content-type": "application/apply-patch+yaml" },
    });
  assert.equal((await applied("one", body("a", "1"))).status, 201);
  const second = await applied("two", body("b", "2"));
  assert.deepEqual(second.json.spec.env, [
    { name: "a", value: "1" },
    { name: "b", value: "2" },
  ]);
  const conflict = await applied("two", body("a", "3"));
  assert.equal(conflict.status, 409);
  assert.match(conflict.json.message, /conflict with "one": \.spec\.env\[name="a"\]\.value/);
  const strategic = await admin.ask(`${CRONTABS}/ssa`, {
    method: "PATCH",
    body: { spec: {} },
    headers: { "content-type": "application/strategic-merge-patch+json" },
  });
  assert.equal(strategic.status, 415);
});

test("a second definition does not get names that are taken", { skip }, async () => {
  const other = crd("stable.example.com", {}, { plural: "others", singular: "other", kind: "CronTab", shortNames: ["ct"] });
  other.metadata.name = "others.stable.example.com";
  await admin.post(CRDS, other);
  const conditions = await until("conditions", async () => (await admin.ask(`${CRDS}/others.stable.example.com`)).json.status.conditions);
  assert.deepEqual(
    conditions.map(({ type, status, reason }: Record<string, string>) => `${type} ${status} ${reason}`),
    ["NamesAccepted False ShortNamesConflict", "Established False NotAccepted"],
  );
  await admin.delete(`${CRDS}/others.stable.example.com`);
});

test("definitions with unsound schemas and rules are refused", { skip }, async () => {
  const wrong = crd("wrong.example.com");
  wrong.spec.versions[0]!.schema.openAPIV3Schema.properties.spec = {
    type: "object",
    properties: { a: { description: "no type" }, b: { type: "integer" } },
    "x-kubernetes-validations": [{ rule: "self.c > 1" }],
  } as never;
  const problems = async () => {
    const { status, json } = await admin.post(CRDS, wrong);
    assert.equal(status, 422);
    return json.details.causes.map(({ field, message }: Record<string, string>) => `${field}: ${message}`);
  };
  const at = "spec.validation.openAPIV3Schema.properties[spec]";
  assert.deepEqual(await problems(), [`${at}.properties[a].type: Required value: must not be empty for specified object fields`]);
  // Rules are judged once the schema is sound.
  Object.assign(wrong.spec.versions[0]!.schema.openAPIV3Schema.properties.spec.properties, { a: { type: "string" } });
  assert.deepEqual(await problems(), [
    `${at}.x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.c > 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field 'c'\n | self.c > 1\n | ....^`,
  ]);
});

test("watchers see custom resources", { skip }, async () => {
  const { json: list } = await admin.ask(CRONTABS);
  const watching = admin.ask(`${CRONTABS}?watch=true&timeoutSeconds=2&resourceVersion=${list.metadata.resourceVersion}`);
  await admin.post(CRONTABS, cronTab("w", {}));
  await admin.delete(`${CRONTABS}/w`);
  const events = (await watching).text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ["ADDED w", "DELETED w"],
  );
});

test("OpenAPI's addresses follow from what is there: all replicas say the same", { skip }, async () => {
  const index = async (replica: number) => (await admin.ask("/openapi/v3", { replica })).json.paths;
  const [first, second] = await Promise.all([index(0), index(1)]);
  assert.deepEqual(first, second);
  const { status, json } = await admin.ask(first["apis/stable.example.com/v1"].serverRelativeURL);
  assert.equal(status, 200);
  const { properties } = json.components.schemas["com.example.stable.v1.CronTab"];
  assert.deepEqual(Object.keys(properties).sort(), ["apiVersion", "kind", "metadata", "spec", "status"]);
  assert.deepEqual(properties.spec.properties.replicas, { type: "integer", minimum: 1, maximum: 10, default: 1 });
});

test("a watch ends when its definition changes", { skip }, async () => {
  const { json: list } = await admin.ask(CRONTABS);
  const started = Date.now();
  const watching = admin.ask(`${CRONTABS}?watch=true&timeoutSeconds=20&resourceVersion=${list.metadata.resourceVersion}`);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const names = { shortNames: ["ct", "cron"] };
  assert.equal((await admin.merge(`${CRDS}/crontabs.stable.example.com`, { spec: { names } })).status, 200);
  assert.equal((await watching).status, 200);
  assert.ok(Date.now() - started < 10_000);
  assert.match(await run("get", "cron", "-o", "name"), /crontab.stable.example.com\/a/);
});

test("controllers see custom resources: owners take them along, and so do namespaces", { skip }, async () => {
  harness.startControllerManager();
  const owner = (await admin.post(CRONTABS, cronTab("owner", {}))).json;
  const ownerReferences = [{ apiVersion: "stable.example.com/v1", kind: "CronTab", name: "owner", uid: owner.metadata.uid }];
  await admin.post(CRONTABS, cronTab("owned", {}, { metadata: { name: "owned", ownerReferences } }));
  const map = { metadata: { name: "owned", ownerReferences } };
  await admin.post("/api/v1/namespaces/default/configmaps", map);
  await admin.post("/api/v1/namespaces", { metadata: { name: "short" } });
  await admin.post("/apis/stable.example.com/v1/namespaces/short/crontabs", cronTab("inside", {}));
  assert.equal((await admin.delete(`${CRONTABS}/owner`)).status, 200);
  await until("the owned ones go", async () => {
    const answers = await Promise.all([admin.ask(`${CRONTABS}/owned`), admin.ask("/api/v1/namespaces/default/configmaps/owned")]);
    return answers.every(({ status }) => status === 404);
  });
  await admin.delete("/api/v1/namespaces/short");
  await until("the namespace goes", async () => (await admin.ask("/api/v1/namespaces/short")).status === 404);
  assert.equal(
    (await admin.ask("/apis/stable.example.com/v1/crontabs")).json.items.filter(({ metadata }: any) => metadata.namespace === "short")
      .length,
    0,
  );
});

test("deleting the definition deletes its instances; a finalizer holds both", { skip }, async () => {
  await admin.post(CRONTABS, cronTab("held", {}, { metadata: { name: "held", finalizers: ["example.com/hold"] } }));
  const gone = harness.kubectl(KUBECTL!, ["delete", "crd", "crontabs.stable.example.com"]);
  await until("only the held one is left", async () => {
    const { json } = await admin.ask(CRONTABS);
    return json.items?.length === 1 && json.items[0].metadata.deletionTimestamp;
  });
  const { json } = await admin.ask(`${CRDS}/crontabs.stable.example.com`);
  assert.deepEqual(json.metadata.finalizers, ["customresourcecleanup.apiextensions.k8s.io"]);
  assert.equal(json.status.conditions.at(-1).type, "Terminating");
  assert.equal((await admin.post(CRONTABS, cronTab("late", {}))).status, 405);
  await admin.merge(`${CRONTABS}/held`, { metadata: { finalizers: null } });
  assert.equal((await gone).stdout.trim(), 'customresourcedefinition.apiextensions.k8s.io "crontabs.stable.example.com" deleted');
  for (const replica of [0, 1])
    await until(`replica ${replica} forgets`, async () => (await admin.ask(CRONTABS, { replica })).status === 404);
  await apply(crd("stable.example.com"));
  await until("served again", async () => (await admin.ask(CRONTABS)).status === 200);
  assert.equal((await admin.ask(CRONTABS)).json.items.length, 0);
});

test("a definition takes nothing away from a group's version that is built in", { skip }, async () => {
  const group = "coordination.k8s.io";
  const names = { plural: "locks", singular: "lock", kind: "Lease", listKind: "LeaseList" };
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const versions = ["v1", "v9"].map((name) => ({ name, served: true, storage: name === "v9", schema }));
  const metadata = { name: `locks.${group}`, annotations: { "api-approved.kubernetes.io": "https://example.com/1" } };
  const made = await admin.post(CRDS, { metadata, spec: { group, scope: "Namespaced", names, versions } });
  assert.equal(made.status, 201, made.text);
  const pathOf = (version: string, resource: string) => `/apis/${group}/${version}/namespaces/default/${resource}`;
  await until("its own version is served", async () => (await admin.ask(pathOf("v9", "locks"))).status === 200);
  assert.equal((await admin.ask(pathOf("v1", "locks"))).status, 404);
  const lease = (name: string) => admin.post(pathOf("v1", "leases"), { metadata: { name }, spec: { holderIdentity: "a" } });
  assert.equal((await lease("before")).status, 201);
  assert.equal((await admin.delete(`${CRDS}/locks.${group}`)).status, 200);
  await until("it is gone", async () => (await admin.ask(pathOf("v9", "locks"))).status === 404);
  assert.equal((await lease("after")).status, 201);
  assert.equal((await admin.ask(pathOf("v1", "leases"))).json.items.length, 2);
});
