import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Pod } from "@flotilla/api";
import { writeAtomically } from "./atomic-writer.ts";
import { volumeFiles } from "./files.ts";
import { planVolume, safeRelative } from "./plan.ts";

const entries = (files: Record<string, string>) =>
  new Map(Object.entries(files).map(([k, v]) => [k, { data: Buffer.from(v), mode: 0o640 }]));

test("files appear, change and vanish together, behind ..data", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kubelet-volume-"));
  try {
    assert.equal(await writeAtomically(dir, entries({ a: "1", "sub/b": "2" }), "v1"), true);
    assert.equal(readFileSync(join(dir, "a"), "utf8"), "1");
    assert.equal(readFileSync(join(dir, "sub/b"), "utf8"), "2");
    assert.equal(readlinkSync(join(dir, "a")), "..data/a");
    assert.equal(statSync(join(dir, "a")).mode & 0o777, 0o640);
    assert.equal(await writeAtomically(dir, entries({ a: "1", "sub/b": "2" }), "v2"), false);
    assert.equal(readlinkSync(join(dir, "..data")), "..v1");
    assert.equal(await writeAtomically(dir, entries({ a: "3" }), "v3"), true);
    assert.equal(readFileSync(join(dir, "a"), "utf8"), "3");
    assert.deepEqual(readdirSync(dir).sort(), ["..data", "..v3", "a"]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("paths that leave the volume are refused", () => {
  assert.equal(safeRelative("a/../b"), "b");
  for (const path of ["..", "../x", "a/../../x", "/etc"]) assert.equal(safeRelative(path), undefined, path);
});

const pod = { metadata: { name: "p", namespace: "n", uid: "u", labels: { app: "x" } }, spec: { containers: [] } } as unknown as Pod;

test("a projected volume joins tokens, ConfigMaps and fields", async () => {
  const sources = {
    objects: { configMap: async () => ({ metadata: {}, data: { "ca.crt": "CA" } }), secret: async () => undefined },
    token: async (_pod: Pod, audience: string | undefined, s: number) => `token ${audience} ${s}`,
    addresses: { podIPs: [], hostIP: "" },
    allocatable: {},
  };
  const volume = {
    name: "kube-api-access",
    projected: {
      defaultMode: 0o600,
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
      ],
    },
  };
  const files = await volumeFiles(pod, volume as never, sources);
  assert.deepEqual(
    [...files].map(([path, f]) => `${path}=${f.data} ${f.mode.toString(8)}`),
    ["token=token undefined 3607 600", "ca.crt=CA 600", "namespace=n 600"],
  );
  const secret = { name: "s", secret: { secretName: "nope" } };
  await assert.rejects(volumeFiles(pod, secret as never, sources), { message: 'secret "nope" not found' });
  assert.equal((await volumeFiles(pod, { name: "s", secret: { secretName: "nope", optional: true } } as never, sources)).size, 0);
});

test("what a volume turns into", () => {
  const plan = (volume: object) => planVolume("/root", pod, { name: "v", ...volume } as never);
  assert.deepEqual(plan({ emptyDir: {} }), {
    kind: "emptyDir",
    path: "/root/pods/u/volumes/kubernetes.io~empty-dir/v",
    memory: false,
    sizeLimit: undefined,
  });
  assert.deepEqual(plan({ hostPath: { path: "/x" } }), { kind: "hostPath", path: "/x", type: "" });
  assert.deepEqual(plan({ nfs: {} }), { kind: "unsupported", plugin: "nfs" });
});
