import assert from "node:assert/strict";
import { createHmac, createSign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createAuthority, issue } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import { type Answer, Caller } from "./caller.ts";
import { Harness } from "./harness.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const SECRETS = "/api/v1/namespaces/victim/secrets";
const env = () => ({ now_ms: Date.now(), random: systemRandom });
const base64url = (value: object | string | Buffer) =>
  Buffer.from(typeof value === "object" && !Buffer.isBuffer(value) ? JSON.stringify(value) : value).toString("base64url");

describe("an attacker at the API server", { skip: Harness.kubectls().length === 0 && "no kubectl here" }, () => {
  const harness: Harness = new Harness({
    flags: (folder) => {
      writeFileSync(join(folder, "tokens.csv"), "static-token,robot,7,machines\n");
      return [
        `--token-auth-file=${join(folder, "tokens.csv")}`,
        "--enable-admission-plugins=NodeRestriction",
        "--enable-bootstrap-token-auth",
      ];
    },
  });
  let admin: Caller;
  let nobody: Caller;
  before(async () => {
    await harness.start(1);
    admin = Caller.admin(harness);
    nobody = new Caller(harness);
    await made(admin.post("/api/v1/namespaces", { metadata: { name: "victim" } }));
    await made(admin.post("/api/v1/namespaces", { metadata: { name: "own" } }));
    for (const name of ["victim", "own"])
      await made(admin.post(`/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: "default" } }));
    await made(admin.post(SECRETS, { metadata: { name: "s" }, stringData: { k: "v" } }));
  });
  after(() => harness.stop());

  async function made(answer: Promise<Answer>): Promise<Answer> {
    const got = await answer;
    assert.ok(got.status < 300, got.text);
    return got;
  }

  /** Somebody new with these rules everywhere. */
  async function holding(name: string, ...rules: object[]): Promise<Caller> {
    await made(admin.post(`${RBAC}/clusterroles`, { metadata: { name }, rules }));
    const subjects = [{ kind: "User", name, apiGroup: "rbac.authorization.k8s.io" }];
    const roleRef = { kind: "ClusterRole", name, apiGroup: "rbac.authorization.k8s.io" };
    await made(admin.post(`${RBAC}/clusterrolebindings`, { metadata: { name }, subjects, roleRef }));
    return Caller.named(harness, name);
  }
  const rbac = (verbs: string[], ...resources: string[]) => ({ verbs, apiGroups: ["rbac.authorization.k8s.io"], resources });

  const withToken = (token: string) => new Caller(harness, { token });
  const refused = async (status: number, answer: Promise<Answer>, message?: RegExp) => {
    const got = await answer;
    assert.equal(got.status, status, got.text);
    if (message) assert.match(got.json.message, message);
  };

  test("without credentials: anonymous may look at little", async () => {
    await refused(403, nobody.ask(SECRETS), /User "system:anonymous" cannot list resource "secrets"/);
    assert.equal((await nobody.ask("/version")).status, 200);
    assert.equal((await nobody.ask("/healthz")).status, 200);
    await refused(403, nobody.ask("/metrics"));
    await refused(403, nobody.ask("/api"));
  });

  test("certificates of another authority, expired, not yet valid, of a server", async () => {
    const stranger = createAuthority("kubernetes", env());
    const masters = { subject: { commonName: "root", organizations: ["system:masters"] }, usages: ["client" as const] };
    await refused(401, new Caller(harness, issue(stranger, masters, env())).ask(SECRETS));
    const { ca } = harness.authorities;
    const past = { ...env(), now_ms: Date.now() - 10 * 86_400_000 };
    await refused(401, new Caller(harness, issue(ca, { ...masters, validity_ms: 86_400_000 }, past)).ask(SECRETS));
    const future = { ...env(), now_ms: Date.now() + 10 * 86_400_000 };
    await refused(401, new Caller(harness, issue(ca, masters, future)).ask(SECRETS));
    await refused(401, new Caller(harness, issue(ca, { ...masters, usages: ["server"] }, env())).ask(SECRETS));
    assert.equal((await new Caller(harness, issue(ca, masters, env())).ask(SECRETS)).status, 200);
  });

  test("tokens: unknown, forged, expired, for somebody else, of what is gone", async () => {
    await made(admin.post("/api/v1/namespaces/own/serviceaccounts", { metadata: { name: "bot" } }));
    const path = "/api/v1/namespaces/own/serviceaccounts/bot/token";
    const good = (await made(admin.post(path, { spec: {} }))).json.status.token as string;
    await refused(403, withToken(good).ask(SECRETS), /system:serviceaccount:own:bot/);
    const [head, body, signature] = good.split(".") as [string, string, string];
    const claims = JSON.parse(Buffer.from(body, "base64url").toString());
    const header = JSON.parse(Buffer.from(head, "base64url").toString());
    const key = harness.authorities.serviceAccount;
    const sign = (wanted: object, pem = key.privatePem) => {
      const text = `${base64url(header)}.${base64url(wanted)}`;
      const dsa = header.alg.startsWith("ES") ? { key: pem, dsaEncoding: "ieee-p1363" as const } : pem;
      return `${text}.${createSign("SHA256").update(text).sign(dsa).toString("base64url")}`;
    };
    const other = issue(createAuthority("x", env()), { subject: { commonName: "x" }, usages: ["client"] }, env());
    const masters = { ...claims, sub: "system:serviceaccount:kube-system:admin" };
    const none = base64url({ ...header, alg: "none" });
    const hmac = `${base64url({ ...header, alg: "HS256" })}.${body}`;
    const table: Record<string, string> = {
      garbage: "abc",
      "no JWT": "a.b.c",
      "another body under the signature": `${head}.${base64url(masters)}.${signature}`,
      "no algorithm": `${none}.${body}.`,
      "the public key as a secret": `${hmac}.${createHmac("sha256", key.publicPem).update(hmac).digest("base64url")}`,
      expired: sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 }),
      "not yet": sign({ ...claims, nbf: Math.floor(Date.now() / 1000) + 3_600 }),
      "another audience": sign({ ...claims, aud: ["vault"] }),
      "another issuer": sign({ ...claims, iss: "https://elsewhere" }),
      "an account of another life": sign({
        ...claims,
        "kubernetes.io": { ...claims["kubernetes.io"], serviceaccount: { name: "bot", uid: "0" } },
      }),
      "a bootstrap token that is none": "abcdef.0123456789abcdef",
    };
    if (header.alg.startsWith("ES") === other.key.includes("EC")) table["a key of one's own"] = sign(claims, other.key);
    assert.equal((await withToken(sign(claims)).ask(SECRETS)).status, 403, "the test signs as the server does");
    for (const [what, token] of Object.entries(table)) {
      assert.equal((await withToken(token).ask(SECRETS)).status, 401, what);
    }
    await made(admin.delete("/api/v1/namespaces/own/serviceaccounts/bot"));
    await refused(401, withToken(good).ask(SECRETS));
  });

  test("a token bound to a pod or a secret dies with it; TokenReview tells audiences apart", async () => {
    const own = "/api/v1/namespaces/own";
    await made(admin.post(`${own}/secrets`, { metadata: { name: "bound" } }));
    const spec = { audiences: ["vault", "https://kubernetes.default.svc.cluster.local"] };
    const boundObjectRef = { kind: "Secret", apiVersion: "v1", name: "bound" };
    const { json } = await made(admin.post(`${own}/serviceaccounts/default/token`, { spec: { ...spec, boundObjectRef } }));
    const { token } = json.status;
    await refused(403, withToken(token).ask(SECRETS));
    const review = async (wanted: object) =>
      (await made(admin.post("/apis/authentication.k8s.io/v1/tokenreviews", { spec: { token, ...wanted } }))).json.status;
    assert.deepEqual((await review({ audiences: ["vault", "bank"] })).audiences, ["vault"]);
    assert.equal((await review({ audiences: ["bank"] })).authenticated, undefined);
    assert.equal((await review({})).user.username, "system:serviceaccount:own:default");
    const robot = { token: "static-token" };
    assert.equal((await review({ ...robot })).user.username, "robot");
    assert.equal((await review({ ...robot, audiences: ["bank"] })).authenticated, undefined, "a static token is for the API alone");
    await made(admin.delete(`${own}/secrets/bound`));
    await refused(401, withToken(token).ask(SECRETS));
  });

  test("another namespace", async () => {
    const rules = [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }];
    await made(admin.post(`${RBAC}/namespaces/own/roles`, { metadata: { name: "all" }, rules }));
    const subjects = [{ kind: "User", name: "tenant", apiGroup: "rbac.authorization.k8s.io" }];
    const roleRef = { kind: "Role", name: "all", apiGroup: "rbac.authorization.k8s.io" };
    await made(admin.post(`${RBAC}/namespaces/own/rolebindings`, { metadata: { name: "all" }, subjects, roleRef }));
    const tenant = Caller.named(harness, "tenant");
    assert.equal((await tenant.ask("/api/v1/namespaces/own/secrets")).status, 200);
    await refused(403, tenant.ask(SECRETS));
    await refused(403, tenant.ask("/api/v1/secrets"));
    await refused(403, tenant.ask("/api/v1/secrets?fieldSelector=metadata.namespace%3Down"));
    await refused(403, tenant.ask("/api/v1/watch/secrets"));
    await refused(403, tenant.ask("/api/v1/nodes"));
    const smuggled = { metadata: { name: "x", namespace: "victim" }, data: {} };
    await refused(400, tenant.post("/api/v1/namespaces/own/configmaps", smuggled), /does not match the namespace/);
    const local = { spec: { user: "tenant", resourceAttributes: { namespace: "victim", verb: "get", resource: "secrets" } } };
    const asked = await tenant.post("/apis/authorization.k8s.io/v1/namespaces/own/localsubjectaccessreviews", local);
    assert.equal(asked.status, 422, asked.text);
  });

  test("a name in a role is not the whole kind", async () => {
    await made(admin.post(SECRETS, { metadata: { name: "t" } }));
    const one = await holding("one", { verbs: ["get", "list", "watch"], apiGroups: [""], resources: ["secrets"], resourceNames: ["t"] });
    assert.equal((await one.ask(`${SECRETS}/t`)).status, 200);
    await refused(403, one.ask(`${SECRETS}/s`));
    await refused(403, one.ask(SECRETS));
    const list = await made(one.ask(`${SECRETS}?fieldSelector=metadata.name%3Dt`));
    assert.deepEqual(
      list.json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
      ["t"],
    );
    for (const selector of ["metadata.name!=t", "metadata.name=t,metadata.name!=t", "type=Opaque", "metadata.name=s"]) {
      const got = await one.ask(`${SECRETS}?fieldSelector=${encodeURIComponent(selector)}`);
      assert.ok(got.status === 403 || got.json.items?.length === 0, `${selector}: ${got.text}`);
    }
    const watched = await made(one.ask(`${SECRETS}/t?watch=1&timeoutSeconds=1`));
    const names = watched.text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line).object.metadata.name);
    assert.deepEqual([...new Set(names)], ["t"]);
  });

  test("nobody gives himself more: roles, bindings, aggregation, labels", async () => {
    const rules = [rbac(["create", "update", "patch", "get"], "roles", "clusterroles", "rolebindings", "clusterrolebindings")];
    const mallory = await holding("mallory", ...rules);
    const more = /attempting to grant RBAC permissions not currently held/;
    const secrets = [{ verbs: ["get"], apiGroups: [""], resources: ["secrets"] }];
    const subjects = [{ kind: "User", name: "mallory", apiGroup: "rbac.authorization.k8s.io" }];
    const refer = (name: string) => ({ kind: "ClusterRole", name, apiGroup: "rbac.authorization.k8s.io" });
    await refused(403, mallory.post(`${RBAC}/clusterroles`, { metadata: { name: "m1" }, rules: secrets }), more);
    await refused(403, mallory.merge(`${RBAC}/clusterroles/mallory`, { rules: [...rules, ...secrets] }), more);
    for (const name of ["cluster-admin", "admin", "view"]) {
      const binding = { metadata: { name: `m-${name}` }, subjects, roleRef: refer(name) };
      await refused(403, mallory.post(`${RBAC}/clusterrolebindings`, binding), more);
      await refused(403, mallory.post(`${RBAC}/namespaces/own/rolebindings`, binding), more);
    }
    await made(mallory.post(`${RBAC}/clusterroles`, { metadata: { name: "m2" }, rules: [] }));
    await made(mallory.post(`${RBAC}/clusterrolebindings`, { metadata: { name: "m2" }, subjects, roleRef: refer("m2") }));
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { "rbac.authorization.k8s.io/aggregate-to-admin": "true" } }] };
    await refused(403, mallory.merge(`${RBAC}/clusterroles/m2`, { aggregationRule }), more);
    await refused(403, mallory.post(`${RBAC}/clusterroles`, { metadata: { name: "m3" }, rules: [], aggregationRule }), more);
    const labels = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
    await refused(403, mallory.merge(`${RBAC}/clusterroles/cluster-admin`, { metadata: { labels } }), more);
    await refused(403, mallory.ask(`${SECRETS}/s`));
    const binder = await holding("binder", ...rules, { ...rbac(["bind"], "clusterroles"), resourceNames: ["view"] });
    const own = [{ ...subjects[0], name: "binder" }];
    await made(binder.post(`${RBAC}/clusterrolebindings`, { metadata: { name: "b-view" }, subjects: own, roleRef: refer("view") }));
    await refused(403, binder.post(`${RBAC}/clusterrolebindings`, { metadata: { name: "b-edit" }, subjects: own, roleRef: refer("edit") }));
  });

  test("nobody acts as somebody else without leave", async () => {
    const as = (headers: Record<string, string>) => ({ headers });
    const eve = Caller.named(harness, "eve");
    await refused(403, eve.ask(SECRETS, as({ "impersonate-user": "kubernetes-admin" })), /cannot impersonate resource "users"/);
    const actor = await holding("actor", { verbs: ["impersonate"], apiGroups: [""], resources: ["users"], resourceNames: ["eve"] });
    const reviewed = await made(
      actor.ask("/apis/authentication.k8s.io/v1/selfsubjectreviews", {
        method: "POST",
        body: {},
        headers: { "impersonate-user": "eve" },
      }),
    );
    assert.deepEqual(reviewed.json.status.userInfo, { username: "eve", groups: ["system:authenticated"] });
    await refused(403, actor.ask(SECRETS, as({ "impersonate-user": "eve" })), /User "eve" cannot list/);
    await refused(403, actor.ask(SECRETS, as({ "impersonate-user": "eve", "impersonate-group": "system:masters" })), /resource "groups"/);
    await refused(403, actor.ask(SECRETS, as({ "impersonate-user": "eve", "impersonate-uid": "0" })), /resource "uids"/);
    await refused(403, actor.ask(SECRETS, as({ "impersonate-user": "eve", "impersonate-extra-scopes": "all" })), /"userextras\/scopes"/);
    await refused(403, actor.ask(SECRETS, as({ "impersonate-user": "system:serviceaccount:kube-system:default" })), /"serviceaccounts"/);
    await refused(500, admin.ask(SECRETS, as({ "impersonate-group": "system:masters" })), /without impersonating a user/);
  });

  test("a node sees and writes what is its own", async () => {
    const node = Caller.named(harness, "system:node:w1", "system:nodes");
    await made(node.post("/api/v1/nodes", { metadata: { name: "w1" } }));
    await refused(403, node.post("/api/v1/nodes", { metadata: { name: "w2" } }));
    for (const name of ["mine", "theirs"]) await made(admin.post(SECRETS, { metadata: { name } }));
    const pod = (name: string, nodeName: string, secretName: string) => ({
      metadata: { name },
      spec: { nodeName, containers: [{ name: "c", image: "i" }], volumes: [{ name: "v", secret: { secretName } }] },
    });
    await made(admin.post("/api/v1/namespaces/victim/pods", pod("here", "w1", "mine")));
    await made(admin.post("/api/v1/namespaces/victim/pods", pod("there", "w2", "theirs")));
    assert.equal((await node.ask(`${SECRETS}/mine`)).status, 200);
    await refused(403, node.ask(`${SECRETS}/theirs`), /no relationship found between node 'w1' and this object/);
    await refused(403, node.ask(SECRETS));
    await refused(403, node.put(`${SECRETS}/mine`, { metadata: { name: "mine" } }));
    const mirror = pod("mirror", "w1", "theirs");
    Object.assign(mirror.metadata, { annotations: { "kubernetes.io/config.mirror": "x" } });
    await refused(403, node.post("/api/v1/namespaces/victim/pods", mirror));
    await refused(403, node.merge("/api/v1/namespaces/victim/pods/there/status", { status: { phase: "Failed" } }));
    await refused(403, node.delete("/api/v1/namespaces/victim/pods/there"));
    await refused(403, node.merge("/api/v1/nodes/w1", { metadata: { labels: { "node-restriction.kubernetes.io/x": "1" } } }));
    const token = (name: string) => ({ spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name, uid: uids.get(name) } } });
    const { json } = await made(admin.ask("/api/v1/namespaces/victim/pods"));
    const uids = new Map(json.items.map(({ metadata }: { metadata: { name: string; uid: string } }) => [metadata.name, metadata.uid]));
    const tokens = "/api/v1/namespaces/victim/serviceaccounts/default/token";
    await made(node.post(tokens, token("here")));
    await refused(403, node.post(tokens, token("there")));
    await refused(403, node.post(tokens, { spec: {} }));
    await refused(403, node.ask("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler"));
  });
});
