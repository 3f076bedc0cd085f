import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeconfigError, loadKubeconfig } from "./kubeconfig.ts";

const FILES: Record<string, string> = {
  "/etc/k/a.conf": `
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c
  cluster:
    server: https://10.0.0.1:6443
    certificate-authority: pki/ca.crt
    extensions:
    - name: flotilla.dev/grpc
      extension: { servers: ["10.0.0.1:6444", "10.0.0.2:6444"] }
users:
- name: u
  user: { client-certificate-data: ${Buffer.from("CERT").toString("base64")}, client-key: /abs/key }
- name: t
  user: { tokenFile: token }
contexts:
- { name: one, context: { cluster: c, user: u, namespace: ns } }
- { name: two, context: { cluster: c, user: t } }
- { name: bad, context: { cluster: nowhere, user: t } }
`,
  "/etc/k/pki/ca.crt": "CA",
  "/abs/key": "KEY",
};
const read = (path: string) => {
  if (FILES[path] === undefined) throw new Error("no such file");
  return FILES[path];
};

test("files, data, tokens and the gRPC extension", () => {
  const one = loadKubeconfig("/etc/k/a.conf", read);
  assert.deepEqual(one.grpcServers, ["10.0.0.1:6444", "10.0.0.2:6444"]);
  assert.deepEqual([one.tls.ca, one.tls.cert, one.tls.key, one.namespace], ["CA", "CERT", "KEY", "ns"]);
  assert.deepEqual(loadKubeconfig("/etc/k/a.conf", read, "two").credentials, { kind: "tokenFile", path: "/etc/k/token" });
});

test("errors name the file and what is missing", () => {
  const fails = (path: string, context: string | undefined, message: RegExp) =>
    assert.throws(
      () => loadKubeconfig(path, read, context),
      (e: Error) => e instanceof KubeconfigError && message.test(e.message),
    );
  fails("/none", undefined, /kubeconfig \/none: no such file/);
  fails("/etc/k/a.conf", "three", /context "three" does not exist/);
  fails("/etc/k/a.conf", "bad", /cluster "nowhere" does not exist/);
});
