import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ContainerConfig, LinuxContainerResources, LinuxContainerSecurityContext } from "../messages.ts";
import { capabilitySet } from "./capabilities.ts";
import { settings } from "./cgroups.ts";
import { resolveArgv, resolveEnv } from "./command.ts";
import { escapeFstab, quote } from "./launch-script.ts";
import { isIdentity, resolveIn } from "./mounts.ts";
import { isAlive, parseStat, readStat } from "./proc.ts";
import { resolveUser } from "./users.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "flotilla-process-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const image = { id: "i", name: "i:1", rootfs: "/", entrypoint: ["/entry"], cmd: ["c"], env: ["A=image", "B=2"], workdir: "", user: "" };

test("command and args against entrypoint and cmd, as Kubernetes documents it", () => {
  for (const [command, args, argv] of [
    [[], [], ["/entry", "c"]],
    [[], ["x"], ["/entry", "x"]],
    [["/k"], [], ["/k"]],
    [["/k"], ["x"], ["/k", "x"]],
  ] as const) {
    assert.deepEqual(resolveArgv(image, ContainerConfig.fromPartial({ command: [...command], args: [...args] })), argv);
  }
  assert.throws(() => resolveArgv({ ...image, entrypoint: [], cmd: [] }, ContainerConfig.fromPartial({})), /no command specified/);
});

test("the container's variables win over the image's", () => {
  const env = resolveEnv(image, ContainerConfig.fromPartial({ envs: [{ key: "A", value: "own" }], tty: true }), "pod");
  assert.deepEqual([env["A"], env["B"], env["HOSTNAME"], env["TERM"]], ["own", "2", "pod", "xterm"]);
  assert.match(env["PATH"]!, /\/usr\/bin/);
});

test("links inside an image stay inside of it", () => {
  mkdirSync(join(dir, "run"));
  mkdirSync(join(dir, "var"));
  symlinkSync("/run", join(dir, "var/run"));
  symlinkSync("../../../../etc", join(dir, "run/up"));
  symlinkSync("loop", join(dir, "loop"));
  assert.equal(resolveIn(dir, "/var/run/secrets"), "/run/secrets");
  assert.equal(resolveIn(dir, "/run/up/x"), "/etc/x");
  assert.equal(resolveIn(dir, "/a/../../b/./c"), "/b/c");
  assert.throws(() => resolveIn(dir, "/loop"), /too many symbolic links/);
});

test("a container is plain only when each volume is where the machine has it", () => {
  const mount = (containerPath: string, hostPath: string) => ({
    containerPath,
    hostPath,
    readonly: false,
    selinuxRelabel: false,
    propagation: 0 as const,
  });
  assert.equal(isIdentity([mount("/etc/kubernetes/", "/etc/kubernetes")]), true);
  assert.equal(isIdentity([mount("/data", "/srv/data")]), false);
});

test("users by number and name, with the groups of the image's files", () => {
  mkdirSync(join(dir, "etc"));
  writeFileSync(join(dir, "etc/passwd"), "root:x:0:0::/:\nweb:x:33:44::/:\n");
  writeFileSync(join(dir, "etc/group"), "staff:x:50:\n");
  const context = (part: object) => LinuxContainerSecurityContext.fromPartial(part);
  for (const [imageUser, part, uid, gid] of [
    ["", {}, 0, 0],
    ["web", {}, 33, 44],
    ["web:staff", {}, 33, 50],
    ["7:8", {}, 7, 8],
    ["33", {}, 33, 44],
    ["web", { runAsUser: { value: 1000 } }, 1000, 0],
    ["", { runAsUser: { value: 5 }, runAsGroup: { value: 6 } }, 5, 6],
    ["", { runAsUsername: "web" }, 33, 44],
  ] as const) {
    const user = resolveUser(dir, imageUser, context(part));
    assert.deepEqual([user.uid, user.gid], [uid, gid], JSON.stringify([imageUser, part]));
  }
  assert.throws(() => resolveUser(dir, "ghost", undefined), /unable to find user ghost/);
  assert.throws(() => resolveUser(dir, "web:ghosts", undefined), /unable to find group ghosts/);
});

test("limits become cgroup files; zero sets nothing", () => {
  const r = (part: object) => LinuxContainerResources.fromPartial(part);
  for (const [v2, part, files] of [
    [false, {}, []],
    [false, { cpuShares: 1 }, [["cpu.shares", "2"]]],
    [false, { cpuQuota: 5000 }, [["cpu.cfs_period_us", "100000"], ["cpu.cfs_quota_us", "5000"]]], // biome-ignore format: a table
    [false, { memoryLimitInBytes: 9 }, [["memory.limit_in_bytes", "9"], ["memory.memsw.limit_in_bytes", "9"]]], // biome-ignore format: a table
    [true, { cpuShares: 1024 }, [["cpu.weight", "39"]]],
    [true, { cpuQuota: -1, cpuPeriod: 7 }, [["cpu.max", "max 7"]]],
    [true, { memoryLimitInBytes: 9 }, [["memory.max", "9"]]],
  ] as const) {
    assert.deepEqual(settings(v2, r(part)), files);
  }
});

test("capabilities: Docker's defaults, dropped and added ones, and what entering the root needs", () => {
  const cap = (addCapabilities: string[], dropCapabilities: string[]) => capabilitySet({ addCapabilities, dropCapabilities });
  assert.ok(cap([], []).includes("net_bind_service") && !cap([], []).includes("net_admin"));
  assert.ok(cap(["NET_ADMIN"], []).includes("net_admin"));
  assert.ok(!cap([], ["CAP_NET_RAW"]).includes("net_raw"));
  assert.deepEqual(cap(["NET_BIND_SERVICE"], ["ALL"]).sort(), ["net_bind_service", "setgid", "setuid", "sys_chroot"]);
  assert.ok(cap(["ALL"], ["SYS_BOOT"]).includes("sys_admin") && !cap(["ALL"], ["SYS_BOOT"]).includes("sys_boot"));
});

test("a process is known by number and start time", () => {
  const stat = parseStat("42 (a (b) c) S 1 42 42 0 -1 0 0 0 0 0 5 7 0 0 20 0 1 0 9876 1000 250 0")!;
  assert.deepEqual([stat.pid, stat.state, stat.ppid, stat.cpu_ticks, stat.start_ticks, stat.rss_pages], [42, "S", 1, 12, "9876", 250]);
  const self = readStat(process.pid)!;
  assert.ok(isAlive(self));
  assert.ok(!isAlive({ ...self, start_ticks: "1" }));
  assert.equal(parseStat("garbage"), undefined);
});

test("shell and fstab texts carry any path", () => {
  assert.equal(quote("it's"), `'it'\\''s'`);
  assert.equal(escapeFstab("/a b\\c"), "/a\\040b\\134c");
});
