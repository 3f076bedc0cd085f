import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Caller } from "./caller.ts";
import { Harness } from "./harness.ts";
import { HookServer, patch, type Review } from "./hook-server.ts";

const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1";
const ALL = { operations: ["*"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] };

/** Asks until the answer is as wanted: what configures admission holds a moment after it was written. */
async function eventually<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask();
    if (wanted(answer) || attempt >= 100) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("admission by a running server", { skip: Harness.kubectls().length === 0 && "no kubectl here" }, () => {
  const harness = new Harness();
  const hooks = new HookServer();
  let admin: Caller;
  before(async () => {
    await harness.start(1);
    await hooks.start(harness);
    admin = Caller.admin(harness);
  });
  after(() => {
    hooks.stop();
    harness.stop();
  });

  async function namespace(name: string, labels: Record<string, string> = {}): Promise<string> {
    const made = await admin.post("/api/v1/namespaces", { metadata: { name, labels } });
    assert.equal(made.status, 201, made.text);
    await admin.post(`/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: "default" } });
    return `/api/v1/namespaces/${name}`;
  }

  async function configure(kind: "Mutating" | "Validating", name: string, ...webhooks: object[]): Promise<void> {
    const made = await admin.post(`${CONFIGURATIONS}/${kind.toLowerCase()}webhookconfigurations`, {
      metadata: { name },
      webhooks: webhooks.map((webhook) => ({ sideEffects: "None", admissionReviewVersions: ["v1"], rules: [ALL], ...webhook })),
    });
    assert.equal(made.status, 201, made.text);
  }
  const remove = (kind: "mutating" | "validating", name: string) => admin.delete(`${CONFIGURATIONS}/${kind}webhookconfigurations/${name}`);
  const only = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
  const configMap = (name: string, more: object = {}) => ({ metadata: { name }, data: { a: "1" }, ...more });
  const pod = (name: string, more: object = {}) => ({ metadata: { name }, spec: { containers: [{ name: "c", image: "i", ...more }] } });

  test("a LimitRange fills and refuses; a quota counts exactly, also with many at once", async () => {
    const path = await namespace("limited");
    const limits = [{ type: "Container", max: { cpu: "1" }, default: { cpu: "200m" }, defaultRequest: { cpu: "100m" } }];
    assert.equal((await admin.post(`${path}/limitranges`, { metadata: { name: "l" }, spec: { limits } })).status, 201);
    const filled = await eventually(
      () => admin.post(`${path}/pods?dryRun=All`, pod("p")),
      ({ json }) => json.spec?.containers[0].resources.limits !== undefined,
    );
    assert.deepEqual(filled.json.spec.containers[0].resources, { limits: { cpu: "200m" }, requests: { cpu: "100m" } });
    const refused = await admin.post(`${path}/pods`, pod("p", { resources: { limits: { cpu: "2" } } }));
    assert.equal(refused.json.message, 'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2');

    const hard = { pods: "5", "requests.cpu": "10" };
    assert.equal((await admin.post(`${path}/resourcequotas`, { metadata: { name: "q" }, spec: { hard } })).status, 201);
    await admin.merge(`${path}/resourcequotas/q/status`, { status: { hard, used: { pods: "0", "requests.cpu": "0" } } });
    await eventually(
      () => admin.ask(`${path}/resourcequotas/q`),
      ({ json }) => json.status.used !== undefined,
    );
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => admin.post(`${path}/pods`, pod(`p${i}`))));
    assert.equal(answers.filter(({ status }) => status === 201).length, 5);
    const [no] = answers.filter(({ status }) => status !== 201);
    assert.match(no!.json.message, /is forbidden: exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5$/);
    const { json: quota } = await admin.ask(`${path}/resourcequotas/q`);
    assert.deepEqual(quota.status.used, { pods: "5", "requests.cpu": "500m" });
    const taken = await admin.post(`${path}/pods`, pod(answers.find(({ status }) => status === 201)!.json.metadata.name));
    assert.equal(taken.status, 403);
  });

  test("Pod Security by namespace labels", async () => {
    const path = await namespace("secure", {
      "pod-security.kubernetes.io/enforce": "baseline",
      "pod-security.kubernetes.io/warn": "restricted",
    });
    const refused = await admin.post(`${path}/pods`, pod("p", { securityContext: { privileged: true } }));
    assert.equal(
      refused.json.message,
      'pods "p" is forbidden: violates PodSecurity "baseline:latest": privileged (container "c" must not set securityContext.privileged=true)',
    );
    const warned = await admin.post(`${path}/pods`, pod("p"));
    assert.equal(warned.status, 201, warned.text);
    assert.match(String(warned.headers["warning"]), /would violate PodSecurity \\"restricted:latest\\": allowPrivilegeEscalation != false/);
  });

  test("a mutating webhook patches, a validating one sees it and refuses in its own words", async () => {
    const path = await namespace("hooked");
    hooks.answers.set("/label", () => patch({ op: "add", path: "/metadata/labels", value: { seen: "yes" } }));
    hooks.answers.set("/check", ({ object }: Review) =>
      object?.data?.forbidden
        ? { allowed: false, status: { message: "no such data", code: 422, reason: "Invalid" } }
        : { allowed: true, warnings: [`labels: ${JSON.stringify(object?.metadata?.labels)}`], auditAnnotations: { seen: "1" } },
    );
    await configure("Mutating", "label", {
      name: "label.example.com",
      clientConfig: hooks.clientConfig(harness, "/label"),
      ...only("hooked"),
    });
    await configure("Validating", "check", {
      name: "check.example.com",
      clientConfig: hooks.clientConfig(harness, "/check"),
      ...only("hooked"),
    });
    const made = await eventually(
      () => admin.post(`${path}/configmaps?dryRun=All`, configMap("c")),
      ({ json, headers }) => json.metadata?.labels?.seen === "yes" && headers["warning"] !== undefined,
    );
    assert.deepEqual(made.json.metadata.labels, { seen: "yes" });
    assert.match(String(made.headers["warning"]), /labels: \{\\"seen\\":\\"yes\\"\}/);
    const refused = await admin.post(`${path}/configmaps`, configMap("c", { data: { forbidden: "1" } }));
    assert.deepEqual(
      [refused.json.code, refused.json.reason, refused.json.message],
      [422, "Invalid", 'admission webhook "check.example.com" denied the request: no such data'],
    );
    const last = hooks.asked.findLast(({ path }) => path === "/check")!.request;
    assert.equal(last.operation, "CREATE");
    assert.deepEqual(last.resource, { group: "", version: "v1", resource: "configmaps" });
    assert.deepEqual(last.kind, { group: "", version: "v1", kind: "ConfigMap" });
    assert.equal(last.userInfo.username, "kubernetes-admin");
    assert.equal((await admin.post("/api/v1/namespaces/default/configmaps", configMap("c", { data: { forbidden: "1" } }))).status, 201);

    assert.equal((await admin.post(`${path}/configmaps`, configMap("gone"))).status, 201);
    assert.equal((await admin.delete(`${path}/configmaps/gone`)).status, 200);
    const deletion = hooks.asked.findLast(({ path }) => path === "/check")!.request;
    assert.deepEqual([deletion.operation, deletion.object, deletion.oldObject.metadata.name], ["DELETE", null, "gone"]);
    await remove("mutating", "label");
    await remove("validating", "check");
  });

  test("a webhook that cannot be reached: Fail refuses, Ignore goes on; a slow one is waited for as long as it says", async () => {
    const path = await namespace("broken");
    const nowhere = { url: "https://127.0.0.1:1/x" };
    await configure("Validating", "broken", { name: "broken.example.com", clientConfig: nowhere, timeoutSeconds: 2, ...only("broken") });
    const failed = await eventually(
      () => admin.post(`${path}/configmaps?dryRun=All`, configMap("c")),
      ({ status }) => status === 500,
    );
    assert.equal(
      failed.json.message,
      'Internal error occurred: failed calling webhook "broken.example.com": failed to call webhook: Post "https://127.0.0.1:1/x?timeout=2s": dial tcp 127.0.0.1:1: connect: connection refused',
    );
    await remove("validating", "broken");

    hooks.answers.set("/slow", () => new Promise((resolve) => setTimeout(resolve, 5_000, { allowed: true })));
    const slow = { name: "slow.example.com", clientConfig: hooks.clientConfig(harness, "/slow"), timeoutSeconds: 1, ...only("broken") };
    await configure("Validating", "slow", slow);
    const late = await eventually(
      () => admin.post(`${path}/configmaps?dryRun=All`, configMap("c")),
      ({ status }) => status === 500,
    );
    assert.match(late.json.message, /failed calling webhook "slow.example.com": .*context deadline exceeded/);
    await remove("validating", "slow");

    await configure("Validating", "open", { name: "open.example.com", clientConfig: nowhere, failurePolicy: "Ignore", ...only("broken") });
    const failedOpen = /fail_open_count\{name="open.example.com",type="validating"\} [1-9]/;
    await eventually(
      async () => {
        assert.equal((await admin.post(`${path}/configmaps?dryRun=All`, configMap("c"))).status, 201);
        return (await admin.ask("/metrics")).text;
      },
      (text) => failedOpen.test(text),
    );
    assert.match((await admin.ask("/metrics")).text, failedOpen);
    assert.equal((await admin.post(`${path}/configmaps`, configMap("c"))).status, 201);
    await remove("validating", "open");
  });

  test("match conditions choose by expression; side effects forbid a dry run", async () => {
    const path = await namespace("conditioned");
    hooks.answers.set("/never", () => ({ allowed: false }));
    await configure("Validating", "conditioned", {
      name: "conditioned.example.com",
      clientConfig: hooks.clientConfig(harness, "/never"),
      matchConditions: [
        { name: "marked", expression: "'mark' in object.data && request.operation == 'CREATE'" },
        { name: "not-system", expression: "!authorizer.requestResource.check('escalate').allowed() || true" },
      ],
      ...only("conditioned"),
    });
    const refused = await eventually(
      () => admin.post(`${path}/configmaps`, configMap("c", { data: { mark: "x" } })),
      ({ status }) => status !== 201 && status !== 409,
    );
    assert.equal(refused.json.message, 'admission webhook "conditioned.example.com" denied the request without explanation');
    assert.equal((await admin.post(`${path}/configmaps`, configMap("d"))).status, 201);
    await remove("validating", "conditioned");

    const effects = { name: "effects.example.com", clientConfig: hooks.clientConfig(harness, "/never"), sideEffects: "NoneOnDryRun" };
    await configure("Validating", "effects", { ...effects, ...only("conditioned") });
    const dry = await eventually(
      () => admin.post(`${path}/configmaps?dryRun=All`, configMap("e")),
      ({ status }) => status !== 201,
    );
    assert.match(dry.json.message, /denied the request/);
    assert.equal(hooks.asked.findLast(({ path }) => path === "/never")!.request.dryRun, true);
    await remove("validating", "effects");
  });

  test("a webhook looks again after a later one has changed the object", async () => {
    const path = await namespace("again");
    hooks.answers.set("/count", ({ object }: Review) =>
      patch({ op: "add", path: "/data/count", value: String(Object.keys(object.data).filter((key) => key !== "count").length) }),
    );
    hooks.answers.set("/add", ({ object }: Review) =>
      object.data.added ? { allowed: true } : patch({ op: "add", path: "/data/added", value: "1" }),
    );
    const hook = (name: string, path: string, more: object = {}) => ({
      name,
      clientConfig: hooks.clientConfig(harness, path),
      ...only("again"),
      ...more,
    });
    await configure(
      "Mutating",
      "again",
      hook("a.example.com", "/count", { reinvocationPolicy: "IfNeeded" }),
      hook("b.example.com", "/add"),
    );
    const made = await eventually(
      () => admin.post(`${path}/configmaps?dryRun=All`, configMap("c")),
      ({ json }) => json.data?.added !== undefined,
    );
    assert.deepEqual(made.json.data, { a: "1", count: "2", added: "1" });
    await remove("mutating", "again");
  });

  test("webhooks see the Scale of a deployment when it is scaled, and may change it", async () => {
    const path = await namespace("scaled");
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    const deployments = path.replace("/api/v1/", "/apis/apps/v1/").concat("/deployments");
    const spec = { replicas: 1, selector: { matchLabels: { a: "b" } }, template };
    assert.equal((await admin.post(deployments, { metadata: { name: "d" }, spec })).status, 201);
    hooks.answers.set("/cap", ({ object }: Review) =>
      object.spec.replicas > 5 ? patch({ op: "replace", path: "/spec/replicas", value: 5 }) : { allowed: true },
    );
    hooks.answers.set("/odd", ({ object }: Review) => ({
      allowed: object.spec.replicas !== 3,
      status: { message: "three is one too many" },
    }));
    const rules = [{ operations: ["*"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments/scale"] }];
    await configure("Mutating", "cap", {
      name: "cap.example.com",
      clientConfig: hooks.clientConfig(harness, "/cap"),
      rules,
      ...only("scaled"),
    });
    await configure("Validating", "odd", {
      name: "odd.example.com",
      clientConfig: hooks.clientConfig(harness, "/odd"),
      rules,
      ...only("scaled"),
    });
    const scaled = await eventually(
      () => admin.merge(`${deployments}/d/scale`, { spec: { replicas: 9 } }),
      ({ json }) => json.spec?.replicas === 5 && hooks.asked.some(({ path }) => path === "/odd"),
    );
    assert.equal(scaled.json.spec.replicas, 5, scaled.text);
    assert.equal((await admin.ask(`${deployments}/d`)).json.spec.replicas, 5);
    assert.deepEqual((await admin.ask(`${deployments}/d`)).json.spec.selector, { matchLabels: { a: "b" } });
    const { kind, resource, subResource, object, oldObject } = hooks.asked.findLast(({ path }) => path === "/odd")!.request;
    assert.deepEqual(kind, { group: "autoscaling", version: "v1", kind: "Scale" });
    assert.deepEqual([resource.resource, subResource], ["deployments", "scale"]);
    assert.deepEqual([object.kind, object.apiVersion, object.spec.replicas, oldObject.kind], ["Scale", "autoscaling/v1", 5, "Scale"]);
    const refused = await admin.merge(`${deployments}/d/scale`, { spec: { replicas: 3 } });
    assert.equal(refused.json.message, 'admission webhook "odd.example.com" denied the request: three is one too many');
    await remove("mutating", "cap");
    await remove("validating", "odd");
  });

  test("a ValidatingAdmissionPolicy with parameters, and one whose expression is none", async () => {
    const path = await namespace("policed");
    const rules = [{ operations: ["CREATE", "UPDATE"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"] }];
    const spec = {
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      matchConstraints: { resourceRules: rules },
      validations: [{ expression: "object.spec.replicas <= int(params.data.max)", messageExpression: "'at most ' + params.data.max" }],
    };
    const policies = `${CONFIGURATIONS}/validatingadmissionpolicies`;
    assert.equal((await admin.post(policies, { metadata: { name: "few" }, spec })).status, 201);
    const binding = {
      policyName: "few",
      validationActions: ["Deny"],
      paramRef: { name: "limits", namespace: "policed", parameterNotFoundAction: "Deny" },
      matchResources: only("policed"),
    };
    assert.equal(
      (await admin.post(`${CONFIGURATIONS}/validatingadmissionpolicybindings`, { metadata: { name: "few" }, spec: binding })).status,
      201,
    );
    await admin.post(`${path}/configmaps`, configMap("limits", { data: { max: "3" } }));
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    const deployment = (replicas: number) => ({
      metadata: { name: "d" },
      spec: { replicas, selector: { matchLabels: { a: "b" } }, template },
    });
    const deployments = "/apis/apps/v1/namespaces/policed/deployments";
    const refused = await eventually(
      () => admin.post(`${deployments}?dryRun=All`, deployment(4)),
      ({ json }) => json.message?.includes("at most"),
    );
    assert.equal(
      refused.json.message,
      "deployments.apps \"d\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied request: at most 3",
    );
    assert.deepEqual([refused.status, refused.json.reason], [422, "Invalid"]);
    assert.equal((await admin.post(deployments, deployment(3))).status, 201);
    assert.equal((await admin.merge(`${deployments}/d`, { spec: { replicas: 9 } })).status, 422);
    const wrong = await admin.post(policies, { metadata: { name: "wrong" }, spec: { ...spec, validations: [{ expression: "object." }] } });
    assert.equal(wrong.status, 422);
    assert.match(wrong.json.message, /spec.validations\[0\].expression: Invalid value: "object.": compilation failed: ERROR/);
  });
});
