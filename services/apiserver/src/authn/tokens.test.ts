import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { FakeClock } from "@flotilla/testing";
import { MemoryStore } from "../admission/testing/rig.ts";
import { bootstrapTokenAuthenticator } from "./bootstrap-token.ts";
import { ServiceAccountTokens } from "./service-account.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

test("a bootstrap token is worth something only while all of it is right", async () => {
  const clock = new FakeClock();
  const tokenOf = (more: Record<string, string>) => {
    const fields = { "token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true", ...more };
    const data = Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, base64(text)]));
    const metadata = { name: "bootstrap-token-abcdef", namespace: "kube-system" };
    const store = new MemoryStore().seed("secrets", { metadata, type: "bootstrap.kubernetes.io/token", data });
    return bootstrapTokenAuthenticator(store, clock)("abcdef.0123456789abcdef");
  };
  assert.deepEqual(await tokenOf({}), { name: "system:bootstrap:abcdef", groups: ["system:bootstrappers"] });
  const groups = "system:bootstrappers:kubeadm:default-node-token";
  assert.deepEqual((await tokenOf({ "auth-extra-groups": groups }))!.groups, ["system:bootstrappers", groups]);
  assert.equal(await tokenOf({ "auth-extra-groups": `${groups},system:masters` }), undefined);
  assert.equal(await tokenOf({ "token-secret": "ä".repeat(16) }), undefined);
  assert.equal(await tokenOf({ expiration: "2024-12-31T00:00:00Z" }), undefined);
  assert.equal(await tokenOf({ expiration: "soon" }), undefined);
});

test("tokens of an issuer that was are good while it is still named; new ones are the first's", async () => {
  const clock = new FakeClock(Date.now());
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sign = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const account = { name: "default", uid: "u1" };
  const store = new MemoryStore().seed("serviceaccounts", { metadata: { name: "default", namespace: "ns", uid: "u1" } });
  const tokens = (...issuers: string[]) =>
    new ServiceAccountTokens(store as never, clock, seededRandom(1), { verify: [], sign, issuers, audiences: ["api"] });
  const spec = { namespace: "ns", serviceAccount: account, audiences: ["api"], expiration_seconds: 3600 };
  const { token } = await tokens("https://old").issue(spec);
  const knows = async (of: ServiceAccountTokens) => (await of.authenticate(token, ["api"]))?.user.name;
  const both = tokens("https://new", "https://old");
  assert.equal(await knows(both), "system:serviceaccount:ns:default");
  assert.equal(both.issuer, "https://new");
  assert.equal(await knows(tokens("https://new")), undefined);
});
