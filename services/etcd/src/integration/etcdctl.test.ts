import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { hasRealEtcd } from "../testing/processes.ts";
import { check, hasEtcdctl } from "./transcript.ts";

// Rewrite what our store says with UPDATE_TESTDATA=1 and read the difference; real etcd, where it is installed, must agree.
const folder = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "testdata");
const only = process.env["TRANSCRIPT"];
const skip = hasEtcdctl() ? false : "etcdctl is not installed";

for (const name of readdirSync(folder).filter((n) => n.endsWith(".txt") && (!only || n.startsWith(only)))) {
  test(name, { skip }, () => check(join(folder, name), hasRealEtcd()));
}
