import assert from "node:assert/strict";
import { connect } from "node:http2";
import { after, before, describe, test } from "node:test";
import { createAuthority, issue, issueFrontProxy, type KeyPair } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import { Caller } from "./caller.ts";
import { Harness } from "./harness.ts";

const REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const CONFIG = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";

describe("a front proxy in front of the API server", { skip: Harness.kubectls().length === 0 && "no kubectl here" }, () => {
  const harness = new Harness({
    flags: (folder) => [
      `--requestheader-client-ca-file=${folder}/front-proxy-ca.crt`,
      "--requestheader-allowed-names=front-proxy-client",
      "--requestheader-username-headers=X-Remote-User",
      "--requestheader-uid-headers=X-Remote-Uid",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    ],
  });
  const env = () => ({ now_ms: Date.now(), random: systemRandom });
  let proxy: KeyPair;
  before(async () => {
    await harness.start(1);
    proxy = issueFrontProxy(harness.authorities, env());
  });
  after(() => harness.stop());

  const whoami = async (caller: Caller, headers: Record<string, string | string[]>) => {
    const { status, json } = await caller.ask(REVIEW, { method: "POST", body: {}, headers });
    return status === 201 ? json.status.userInfo : status;
  };
  const JANE = { "X-Remote-User": "jane", "X-Remote-Group": ["dev", "ops, all"], "X-Remote-Uid": "u1", "X-Remote-Extra-Scopes": "view" };

  test("is believed about who asks, over HTTP/1.1 and HTTP/2", async () => {
    const expected = { username: "jane", uid: "u1", groups: ["dev", "ops, all", "system:authenticated"], extra: { scopes: ["view"] } };
    assert.deepEqual(await whoami(new Caller(harness, proxy), JANE), expected);
    const session = connect(`https://127.0.0.1:${harness.port(0)}`, { ca: harness.authorities.ca.cert, ...proxy });
    try {
      const stream = session.request({ ":method": "POST", ":path": REVIEW, "content-type": "application/json", ...JANE });
      stream.end("{}");
      let text = "";
      for await (const chunk of stream) text += chunk;
      assert.deepEqual(JSON.parse(text).status.userInfo, expected);
    } finally {
      session.destroy();
    }
  });

  test("is nobody by itself: neither without a name, nor by its certificate", async () => {
    assert.equal(await whoami(new Caller(harness, proxy), {}), 401);
    assert.equal(await whoami(new Caller(harness, proxy), { "X-Remote-Group": "system:masters" }), 401);
  });

  test("another name under its authority, or its name under another authority, is not believed", async () => {
    const { frontProxyCa, ca } = harness.authorities;
    const named = (commonName: string, authority: KeyPair) =>
      new Caller(harness, issue(authority, { subject: { commonName, organizations: ["system:masters"] }, usages: ["client"] }, env()));
    assert.equal(await whoami(named("somebody-else", frontProxyCa), JANE), 401);
    const user = await whoami(named("front-proxy-client", ca), JANE);
    assert.equal(user.username, "front-proxy-client", "a user of that name is a user");
    const forged = createAuthority("front-proxy-ca", env());
    assert.equal(await whoami(named("front-proxy-client", forged), JANE), 401);
    assert.equal((await whoami(Caller.named(harness, "joe"), JANE)).username, "joe", "a user's own headers say nothing");
  });

  test("the rules hold for whom it names, and what it names is recorded as the user", async () => {
    const caller = new Caller(harness, proxy);
    assert.equal((await caller.ask("/api/v1/nodes", { headers: { "X-Remote-User": "jane" } })).status, 403);
    assert.equal(
      (await caller.ask("/api/v1/nodes", { headers: { "X-Remote-User": "x", "X-Remote-Group": "system:masters" } })).status,
      200,
    );
  });

  test("extension servers find in the ConfigMap what is trusted, also after somebody has changed or deleted it", async () => {
    const admin = Caller.admin(harness);
    const { json } = await admin.ask(CONFIG);
    assert.deepEqual(Object.keys(json.data).sort(), [
      "client-ca-file",
      "requestheader-allowed-names",
      "requestheader-client-ca-file",
      "requestheader-extra-headers-prefix",
      "requestheader-group-headers",
      "requestheader-uid-headers",
      "requestheader-username-headers",
    ]);
    assert.equal(json.data["requestheader-allowed-names"], '["front-proxy-client"]');
    const settled = async (holds: (data: Record<string, string>) => boolean) => {
      for (let i = 0; i < 100; i++) {
        const { json: found } = await admin.ask(CONFIG);
        if (found.data && holds(found.data)) return found.data;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return assert.fail("it never settles");
    };
    await admin.delete(CONFIG);
    assert.deepEqual(await settled(() => true), json.data);
    const other = createAuthority("another-replica", env()).cert;
    const changed = { "client-ca-file": other, "requestheader-allowed-names": '["other"]', "requestheader-group-headers": "spoilt" };
    await admin.merge(CONFIG, { data: changed });
    const both = await settled((data) => data["requestheader-allowed-names"] === '["other","front-proxy-client"]');
    assert.equal(both["requestheader-group-headers"], '["X-Remote-Group"]');
    assert.equal(both["client-ca-file"]!.match(/BEGIN CERTIFICATE/g)!.length, 2);
    assert.ok(both["client-ca-file"]!.replaceAll("\n", "").includes(other.replaceAll("\n", "")));
  });
});
