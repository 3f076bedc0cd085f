import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CertificateSigningRequests } from "@flotilla/api";
import { seededRandom, silentLogger } from "@flotilla/base";
import { loadKubeconfig } from "@flotilla/client";
import { FakeApiClient } from "@flotilla/client/fake/fake-client.ts";
import { createAuthority, parseCsr, signCsr } from "@flotilla/pki";
import { systemClock } from "@flotilla/process";
import { eventually } from "../testing/harness.ts";
import { bootstrap } from "./bootstrap.ts";

test("a certificate is asked for, waited for, and written with a kubeconfig that uses it", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kubelet-bootstrap-"));
  const random = seededRandom(1);
  const authority = createAuthority("kubernetes", { now_ms: Date.now(), random });
  const api = new FakeApiClient(systemClock);
  const config = {
    server: "https://cp1:6443",
    grpcServers: ["cp1:6444"],
    tls: { ca: authority.cert },
    credentials: { kind: "token" as const, token: "abcdef.0123456789abcdef" },
  };
  const paths = { kubeconfig: join(dir, "kubelet.conf"), certDirectory: join(dir, "pki") };
  const ports = { clock: systemClock, random, log: silentLogger, connect: () => api };
  const done = bootstrap(ports, config, paths, "w1", new AbortController().signal);
  const request = await eventually("the request", () => api.all(CertificateSigningRequests)[0]);
  assert.equal(request.spec.signerName, "kubernetes.io/kube-apiserver-client-kubelet");
  const csr = Buffer.from(request.spec.request, "base64").toString();
  assert.deepEqual(parseCsr(csr).subject, { commonName: "system:node:w1", organizations: ["system:nodes"] });
  const cert = signCsr(authority, csr, { usages: ["client"] }, { now_ms: Date.now(), random });
  const status = { certificate: Buffer.from(cert).toString("base64") };
  await api.patch(CertificateSigningRequests, request.metadata.name!, { type: "merge", body: { status } }, { subresource: "status" });
  await done;
  const written = loadKubeconfig(paths.kubeconfig, (path) => readFileSync(path, "utf8"));
  assert.equal(written.server, "https://cp1:6443");
  assert.deepEqual(written.grpcServers, ["cp1:6444"]);
  assert.ok(written.tls.cert?.includes("BEGIN CERTIFICATE"));
  assert.ok(written.tls.key?.includes("BEGIN PRIVATE KEY"));
  rmSync(dir, { recursive: true });
});
