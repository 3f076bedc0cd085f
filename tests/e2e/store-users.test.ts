import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createAuthority, issue } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process/system-random.ts";
import { decode, encode, type MessageName } from "../../services/etcd/src/codec/tables.ts";
import { unary } from "../../services/etcd/src/grpc/client.ts";
import { StoreClient, waitForLeader } from "../../services/etcd/src/testing/client.ts";
import { StoreCluster } from "../../services/etcd/src/testing/processes.ts";
import { Writer } from "../../services/etcd/src/wire/writer.ts";

const env = () => ({ now_ms: Date.now(), random: systemRandom });
const pem = (name: string) => ({ type: name as "pkcs8", format: "pem" as const });

test("users by certificate and by signed token, on every member, through restarts and snapshots", async () => {
  const folder = mkdtempSync(join(tmpdir(), "store-users-"));
  const at = (name: string) => join(folder, name);
  const authority = createAuthority("ca", env());
  const certificate = (commonName: string) => {
    const pair = issue(authority, { subject: { commonName }, altNames: ["127.0.0.1"], usages: ["server", "client"] }, env());
    return { cert: pair.cert, key: pair.key, ca: authority.cert };
  };
  const member = certificate("member");
  writeFileSync(at("tls.crt"), member.cert);
  writeFileSync(at("tls.key"), member.key);
  writeFileSync(at("ca.crt"), authority.cert);
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(at("jwt.pub"), publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(at("jwt.key"), privateKey.export(pem("pkcs8")));
  const flags = ["", "peer-"].flatMap((of) => [
    `--${of}cert-file=${at("tls.crt")}`,
    `--${of}key-file=${at("tls.key")}`,
    `--${of}trusted-ca-file=${at("ca.crt")}`,
    `--${of}client-cert-auth`,
  ]);
  const jwt = `--auth-token=jwt,pub-key=${at("jwt.pub")},priv-key=${at("jwt.key")},sign-method=ES256,ttl=10m`;
  const cluster = await StoreCluster.start("source", 3, [...flags, jwt, "--bcrypt-cost=4", "--snapshot-count=20"], "https");
  const clients: StoreClient[] = [];
  const as = (name: string, place = 0) => {
    const c = new StoreClient(cluster.members[place]!.clientUrl, certificate(name));
    clients.push(c);
    return c;
  };
  const auth = (c: StoreClient, method: string, message?: MessageName, value: object = {}) =>
    c.call(`/etcdserverpb.Auth/${method}`, message ? encode(message, value).finish() : Buffer.alloc(0));
  try {
    await waitForLeader([0, 1, 2].map((i) => as("root", i)));
    const root = as("root");
    await until(() => root.put("up", "x"));
    for (const name of ["root", "alice"]) await auth(root, "UserAdd", "AuthUserAddRequest", { name, options: { noPassword: true } });
    await auth(root, "UserAdd", "AuthUserAddRequest", { name: "bob", password: "builder" });
    await auth(root, "RoleAdd", "AuthRoleAddRequest", { name: "app" });
    const app = { permType: 2, key: Buffer.from("app/"), rangeEnd: Buffer.from("app0") };
    await auth(root, "RoleGrantPermission", "AuthRoleGrantPermissionRequest", { name: "app", perm: app });
    await auth(root, "UserGrantRole", "AuthUserGrantRoleRequest", { user: "root", role: "root" });
    for (const user of ["alice", "bob"]) await auth(root, "UserGrantRole", "AuthUserGrantRoleRequest", { user, role: "app" });
    await auth(root, "AuthEnable");

    for (const place of [0, 1, 2]) {
      await until(() => as("alice", place).put("app/by-certificate", String(place)));
      await assert.rejects(as("alice", place).put("other", "x"), /permission denied/);
      await assert.rejects(as("stranger", place).put("app/1", "x"), /permission denied/);
    }
    await assert.rejects(authenticate(as("stranger"), "alice", "x"), /password was given for no password user/);
    await assert.rejects(authenticate(as("stranger"), "bob", "wrong"), /authentication failed/);
    const token = await authenticate(as("stranger"), "bob", "builder");
    for (const place of [0, 1, 2]) await putWith(as("stranger", place), token, "app/by-token");
    await assert.rejects(putWith(as("stranger"), token, "other"), /permission denied/);
    await assert.rejects(putWith(as("stranger"), `${token}x`, "app/1"), /invalid auth token/);
    // Any change of rights makes tokens of before worthless; certificates need none.
    await auth(root, "RoleAdd", "AuthRoleAddRequest", { name: "another" });
    await assert.rejects(putWith(as("stranger"), token, "app/1"), /revision of auth store is old/);
    await as("alice").put("app/1", "x");

    // Beyond the log, all rights are in the snapshot.
    for (let i = 0; i < 60; i++) await root.put(`k${i}`, "x");
    for (const m of cluster.members) await cluster.kill(m);
    for (const m of cluster.members) cluster.run(m);
    await until(() => as("alice").put("app/2", "x"));
    await assert.rejects(as("alice").put("other", "x"), /permission denied/);
    const fresh = await authenticate(as("stranger", 1), "bob", "builder");
    await putWith(as("stranger", 2), fresh, "app/3");
  } finally {
    for (const c of clients) c.close();
    await cluster.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
});

async function authenticate(c: StoreClient, name: string, password: string): Promise<string> {
  const answer = await c.call("/etcdserverpb.Auth/Authenticate", encode("AuthenticateRequest", { name, password }).finish());
  return decode<{ token: string }>("AuthenticateResponse", answer).token;
}

async function putWith(c: StoreClient, token: string, key: string): Promise<void> {
  await unary(await c.session(), "/etcdserverpb.KV/Put", new Writer().latin1(0x0a, key).finish(), { token });
}

async function until(run: () => Promise<unknown>, limit_ms = 20_000): Promise<void> {
  const end = performance.now() + limit_ms;
  for (;;) {
    try {
      await run();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
