import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { ConfigMaps, Namespaces, type Secret, Secrets, type ServiceAccount, ServiceAccounts } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { jwtVerify } from "jose";
import { startNamespaceController } from "../namespace/controller.ts";
import { startControllers } from "../testing/controllers.ts";
import { startServiceAccountController } from "./default-account.ts";
import { startRootCaPublisher } from "./root-ca.ts";
import { startTokenCleaner } from "./token-cleaner.ts";
import { startServiceAccountTokenController } from "./token-controller.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const serviceAccountKeyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

test("a namespace gets its default account and the CA, again when they are deleted", async () => {
  const c = startControllers([startServiceAccountController, startRootCaPublisher], { rootCaPem: "CA" });
  c.api.seed(Namespaces, { metadata: { name: "ns" } });
  await c.run();
  assert.deepEqual([c.api.all(ServiceAccounts)[0]!.metadata.name, c.api.all(ConfigMaps)[0]!.data], ["default", { "ca.crt": "CA" }]);
  await c.api.delete(ServiceAccounts, "default", { namespace: "ns" });
  await c.api.delete(ConfigMaps, "kube-root-ca.crt", { namespace: "ns" });
  await c.run();
  assert.deepEqual([c.api.all(ServiceAccounts).length, c.api.all(ConfigMaps).length], [1, 1]);
  c.stop.abort();
});

test("token secrets are filled, and go with their account", async () => {
  const c = startControllers([startServiceAccountTokenController], { rootCaPem: "CA", serviceAccountKeyPem });
  c.api.seed(ServiceAccounts, { metadata: { name: "bot", namespace: "ns", uid: "u1" } } as ServiceAccount);
  const metadata = { name: "bot-token", namespace: "ns", annotations: { "kubernetes.io/service-account.name": "bot" } };
  c.api.seed(Secrets, { metadata, type: "kubernetes.io/service-account-token" } as Secret);
  await c.run();
  const token = Buffer.from(c.api.all(Secrets)[0]!.data!["token"]!, "base64").toString();
  const { payload } = await jwtVerify(token, publicKey);
  assert.deepEqual([payload.sub, payload.iss], ["system:serviceaccount:ns:bot", "kubernetes/serviceaccount"]);
  await c.api.delete(ServiceAccounts, "bot", { namespace: "ns" });
  await c.run();
  assert.deepEqual(c.api.all(Secrets), []);
  c.stop.abort();
});

test("bootstrap tokens end with their time", async () => {
  const c = startControllers([startTokenCleaner]);
  const token = (name: string, expiration?: number): Secret => {
    const data: Record<string, string> =
      expiration === undefined ? {} : { expiration: Buffer.from(rfc3339(c.clock.now() + expiration)).toString("base64") };
    return { metadata: { name, namespace: "kube-system" }, type: "bootstrap.kubernetes.io/token", data };
  };
  c.api.seed(Secrets, token("short", 60_000), token("long", 40 * 86_400_000), token("ever"));
  await c.run(59_000);
  assert.equal(c.api.all(Secrets).length, 3);
  await c.run(2_000);
  assert.deepEqual(
    c.api.all(Secrets).map((s) => s.metadata.name),
    ["long", "ever"],
  );
  await c.run(41 * 86_400_000);
  assert.deepEqual(
    c.api.all(Secrets).map((s) => s.metadata.name),
    ["ever"],
  );
  c.stop.abort();
});

test("a namespace that is deleted is emptied, then let go; what holds it is told", async () => {
  const c = startControllers([startNamespaceController]);
  const deletionTimestamp = "2025-01-01T00:00:00Z";
  c.api.seed(Namespaces, { metadata: { name: "ns", deletionTimestamp }, spec: { finalizers: ["kubernetes"] } });
  c.api.seed(
    ConfigMaps,
    { metadata: { name: "a", namespace: "ns" } },
    { metadata: { name: "held", namespace: "ns", finalizers: ["x/y"] } },
  );
  c.api.seed(ConfigMaps, { metadata: { name: "elsewhere", namespace: "other" } });
  await c.run();
  const condition = (type: string) => c.api.all(Namespaces)[0]!.status!.conditions!.find((x) => x.type === type)!;
  assert.equal(condition("NamespaceContentRemaining").message, "Some resources are remaining: configmaps. has 1 resource instances");
  assert.equal(
    condition("NamespaceFinalizersRemaining").message,
    "Some content in the namespace has finalizers remaining: x/y in 1 resource instances",
  );
  await c.api.patch(ConfigMaps, "held", { type: "merge", body: { metadata: { finalizers: null } } }, { namespace: "ns" });
  await c.run(1_500);
  assert.deepEqual(c.api.all(Namespaces), [], "its last finalizer was removed");
  assert.deepEqual(
    c.api.all(ConfigMaps).map((m) => m.metadata.name),
    ["elsewhere"],
  );
  c.stop.abort();
});
