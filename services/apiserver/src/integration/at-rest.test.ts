import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { hasEtcdctl } from "./etcd.ts";
import { Harness } from "./harness.ts";
import { Rest } from "./rest.ts";

const SECRETS = "/api/v1/namespaces/default/secrets";
const key = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const config = (keys: [string, number][]) =>
  JSON.stringify({
    kind: "EncryptionConfiguration",
    apiVersion: "apiserver.config.k8s.io/v1",
    resources: [
      {
        resources: ["secrets"],
        providers: [{ aesgcm: { keys: keys.map(([name, fill]) => ({ name, secret: key(fill) })) } }, { identity: {} }],
      },
      { resources: ["*.apps"], providers: [{ aesgcm: { keys: [{ name: "apps", secret: key(7) }] } }] },
    ],
  });

describe("encryption at rest", { skip: !hasEtcdctl() && "no etcdctl here" }, () => {
  const harness = new Harness({
    flags: (folder) => [`--encryption-provider-config=${join(folder, "encryption.json")}`, "--encryption-provider-config-automatic-reload"],
  });
  const configure = (...keys: [string, number][]) => writeFileSync(join(harness.folder, "encryption.json"), config(keys));
  let rest: Rest;
  before(async () => {
    configure(["key1", 1]);
    await harness.start(1);
    rest = new Rest(harness);
  });
  after(() => {
    rest?.close();
    harness.stop();
  });

  /** What really stands in the store. */
  function stored(name: string): string {
    const { stdout } = spawnSync("etcdctl", ["--endpoints", harness.storeUrl, "get", "--print-value-only", name], {
      env: { ...process.env, ETCDCTL_API: "3" },
      encoding: "latin1",
    });
    return stdout;
  }

  test("a secret's value is ciphertext in the store, and plain to who may read it", async () => {
    await rest.call("POST", SECRETS, { metadata: { name: "a" }, stringData: { password: "correct horse" } });
    const raw = stored("/registry/secrets/default/a");
    assert.match(raw, /^k8s:enc:aesgcm:v1:key1:/);
    assert.ok(!raw.includes("password") && !raw.includes("default"), "nothing of it is readable");
    const { body } = await rest.call("GET", `${SECRETS}/a`);
    assert.equal(Buffer.from(body.data.password, "base64").toString(), "correct horse");
    await rest.call("POST", "/api/v1/namespaces/default/configmaps", { metadata: { name: "plain" } });
    assert.match(stored("/registry/configmaps/default/plain"), /^\{/);
  });

  test("a new first key writes without a restart; what the old one wrote stays readable and is rewritten by any update", async () => {
    await rest.call("POST", SECRETS, { metadata: { name: "old" }, stringData: { n: "1" } });
    configure(["key2", 2], ["key1", 1]);
    const written = async (name: string) => {
      await rest.call("POST", SECRETS, { metadata: { name } });
      return stored(`/registry/secrets/default/${name}`);
    };
    let raw = "";
    for (let i = 0; i < 50 && !raw.startsWith("k8s:enc:aesgcm:v1:key2:"); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      raw = await written(`new-${i}`);
    }
    assert.match(raw, /^k8s:enc:aesgcm:v1:key2:/);
    assert.match(stored("/registry/secrets/default/old"), /^k8s:enc:aesgcm:v1:key1:/);
    await harness.restart(0);
    const { body } = await rest.call("GET", `${SECRETS}/old`);
    assert.equal(body.data.n, Buffer.from("1").toString("base64"));
    // kubectl get secrets -o json | kubectl replace -f -: nothing changes, but everything is written anew.
    const replaced = await rest.call("PUT", `${SECRETS}/old`, body);
    assert.equal(replaced.status, 200, JSON.stringify(replaced.body));
    assert.match(stored("/registry/secrets/default/old"), /^k8s:enc:aesgcm:v1:key2:/);
  });

  test("without its key a secret is an error, not an absence, and other kinds are served", async () => {
    configure(["key3", 3]);
    await harness.restart(0);
    const { status, body } = await rest.call("GET", `${SECRETS}/old`);
    assert.equal(status, 500);
    assert.match(body.message, /unable to transform key "\/registry\/secrets\/default\/old": no matching prefix found/);
    assert.equal((await rest.call("GET", SECRETS)).status, 500);
    assert.equal((await rest.call("GET", "/api/v1/namespaces/default/configmaps/plain")).status, 200);
    assert.match(readFileSync(join(harness.folder, "apiserver-0.log"), "utf8"), /a stored value cannot be read/);
  });
});
