import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { createClusterAuthorities } from "@flotilla/pki";
import type { Layout, MachineLayout } from "./layout.ts";
import { loadAuthorities, writeMachineAccess } from "./pki.ts";

const env = { now_ms: Date.UTC(2026, 0, 1), random: seededRandom(1) };

test("a cluster made before there was aggregation gets what it lacks, and keeps what it has", (t) => {
  const root = mkdtempSync(join(tmpdir(), "flotilla-pki-"));
  t.after(() => rmSync(root, { recursive: true }));
  const layout = { pki: join(root, "pki") } as Layout;
  const { frontProxyCa: _, ...old } = createClusterAuthorities(env);
  mkdirSync(layout.pki);
  writeFileSync(join(layout.pki, "authorities.json"), JSON.stringify(old));
  const authorities = loadAuthorities(layout, env);
  assert.equal(authorities.ca.cert, old.ca.cert);
  assert.equal(loadAuthorities(layout, env).frontProxyCa.cert, authorities.frontProxyCa.cert, "made once");

  const machine = { kubernetes: join(root, "kubernetes"), pki: join(root, "kubernetes/pki") } as MachineLayout;
  mkdirSync(machine.pki, { recursive: true });
  writeFileSync(join(machine.kubernetes, "kubelet.conf"), "as it was");
  const spec = { name: "cp1", role: "control-plane" } as never;
  writeMachineAccess({ spec: {} as never, machine: spec, layout: machine, authorities, env });
  assert.ok(existsSync(join(machine.pki, "front-proxy-client.key")));
  assert.equal(readFileSync(join(machine.kubernetes, "kubelet.conf"), "utf8"), "as it was");
});
