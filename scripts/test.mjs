// npm test: everything, on a fresh machine. npm test -- --only unit,e2e picks stages.
import { spawnSync } from "node:child_process";
import { ensureDocker, NODE, npmInstall, ROOT, systemPackages } from "./prepare.mjs";

const STAGES = ["types", "lint", "architecture", "unit", "build", "e2e", "compose"];
const onlyAt = process.argv.indexOf("--only");
const wanted = onlyAt > 0 ? process.argv[onlyAt + 1].split(",") : STAGES;
const unknown = wanted.filter((s) => !STAGES.includes(s));
if (unknown.length > 0) {
  console.error(`unknown stage: ${unknown.join(", ")}; the stages are ${STAGES.join(", ")}`);
  process.exit(2);
}
const say = (text) => console.log(`\n=== ${text}`);

npmInstall(say);
let dockerd;
if (wanted.some((s) => ["unit", "e2e", "compose"].includes(s))) {
  systemPackages(say, {
    dockerd: "docker.io",
    docker: "docker.io",
    "docker-compose": "docker-compose",
    kubectl: "kubernetes-client",
    etcdctl: "etcd-client",
    etcd: "etcd-server",
    chromium: "chromium",
    busybox: "busybox-static",
  });
  dockerd = await ensureDocker(say);
}

const files = (pattern) =>
  spawnSync(NODE, ["-e", `console.log(require("fs").globSync(${JSON.stringify(pattern)}).join("\\n"))`], { cwd: ROOT, encoding: "utf8" })
    .stdout.trim()
    .split("\n")
    .filter(Boolean);
const node = (...args) => [NODE, args];
const testRun = (patterns, ...flags) => node("--test", "--test-reporter=spec", ...flags, ...patterns.flatMap(files));
const COMMANDS = {
  types: () => node("node_modules/typescript/bin/tsc", "-p", "."),
  lint: () => node("node_modules/@biomejs/biome/bin/biome", "check", "."),
  architecture: () => testRun(["tests/architecture/*.test.ts"]),
  unit: () =>
    testRun(
      ["packages/*/src/**/*.test.ts", "services/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts"],
      "--test-concurrency=2",
      "--test-timeout=240000",
    ),
  build: () => node("scripts/build.mjs"),
  e2e: () => testRun(["tests/e2e/*.test.ts"], "--test-concurrency=1", "--test-timeout=900000"),
  compose: () => testRun(["tests/compose/*.test.ts"], "--test-concurrency=1", "--test-timeout=600000"),
};

const failed = [];
const started = Date.now();
for (const stage of STAGES.filter((s) => wanted.includes(s))) {
  say(stage);
  const at = Date.now();
  const [command, args] = COMMANDS[stage]();
  const result = spawnSync(command, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  console.log(`--- ${stage}: ${result.status === 0 ? "ok" : "FAILED"} in ${((Date.now() - at) / 1000).toFixed(1)} s`);
  if (result.status !== 0) failed.push(stage);
}
if (dockerd) {
  try {
    process.kill(dockerd, "SIGTERM");
  } catch {}
}
console.log(`\n${failed.length ? `failed: ${failed.join(", ")}` : "all stages passed"} in ${((Date.now() - started) / 1000).toFixed(0)} s`);
console.log(`${wanted.length - failed.length} passed, ${failed.length} failed`);
process.exit(failed.length ? 1 : 0);
