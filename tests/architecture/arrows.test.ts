import assert from "node:assert/strict";
import { test } from "node:test";
import { imports, sources, TEST_FOLDER } from "./sources.ts";

/** Which Flotilla rooms a room may import; ARCHITECTURE.md says why. */
const ARROWS: Record<string, string[]> = {
  "packages/base": [],
  "packages/raft": ["base"],
  "packages/mvcc": ["base"],
  "packages/api": ["base"],
  "packages/cel": ["base", "api"],
  "packages/kube-cel": ["base", "api", "cel"],
  "packages/rpc": ["base", "api"],
  "packages/pki": ["base"],
  "packages/client": ["base", "api", "rpc"],
  "packages/controller": ["base", "api", "client"],
  "packages/cri": ["base", "rpc", "process"],
  "packages/process": ["base"],
  "packages/testing": ["base"],
  "services/etcd": ["base", "raft", "mvcc", "rpc", "process"],
  "services/apiserver": ["base", "api", "cel", "kube-cel", "client", "rpc", "pki", "process"],
  "services/scheduler": ["base", "api", "client", "pki", "process"],
  "services/controller-manager": ["base", "api", "kube-cel", "client", "controller", "pki", "process"],
  "services/kubelet": ["base", "api", "client", "rpc", "pki", "process"],
  "services/kube-proxy": ["base", "api", "client", "process"],
  "services/dns": ["base", "api", "client", "process"],
  "services/cri-docker": ["base", "cri", "process"],
  "services/cri-process": ["base", "cri", "process"],
  "services/relay": ["base", "process"],
  "services/flotillad": ["base", "api", "client", "rpc", "pki", "process", "cri"],
  "apps/cli": ["base", "api", "client", "rpc", "process"],
};

/** Rooms that must not touch node: (they run in a browser, or decide purely). */
const NO_NODE = ["packages/base", "packages/raft", "packages/mvcc", "packages/api", "packages/cel", "packages/kube-cel"];

test("rooms import only along the arrows", () => {
  const wrong: string[] = [];
  for (const source of sources()) {
    const allowed = ARROWS[source.room];
    assert.ok(allowed, `${source.room} is not in the table of arrows: add it with its reason`);
    for (const specifier of imports(source.text)) {
      const room = /^@flotilla\/([^/]+)/.exec(specifier)?.[1];
      if (room === undefined) continue;
      const itself = source.room.endsWith(`/${room}`);
      const testing = source.isTest && room === "testing";
      if (!itself && !testing && !allowed.includes(room)) wrong.push(`${source.path} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("no source reaches into another room by a relative path", () => {
  const wrong: string[] = [];
  for (const source of sources()) {
    const depth = source.path.split("/").length - 3;
    for (const specifier of imports(source.text)) {
      const ups = specifier.split("/").filter((part) => part === "..").length;
      if (specifier.startsWith(".") && ups > depth) wrong.push(`${source.path} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("pure rooms do not import node:", () => {
  const wrong = sources()
    .filter((s) => NO_NODE.includes(s.room) && !s.isTest)
    .flatMap((s) =>
      imports(s.text)
        .filter((i) => i.startsWith("node:"))
        .map((i) => `${s.path} imports ${i}`),
    );
  assert.deepEqual(wrong, []);
});

test("what ships does not import what is there for tests", () => {
  const wrong = sources()
    .filter((s) => !s.isTest)
    .flatMap((s) =>
      imports(s.text)
        .filter((i) => TEST_FOLDER.test(`${i}/`))
        .map((i) => `${s.path} imports ${i}`),
    );
  assert.deepEqual(wrong, []);
});
