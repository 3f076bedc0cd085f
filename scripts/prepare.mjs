// Makes a fresh machine ready: npm packages, system packages, a Docker engine.
// Runs on Node 20 and uses node: modules only, since nothing is installed yet.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** The Node that the project pins; only there after npmInstall. */
export const NODE = join(ROOT, "node_modules/node/bin/node");

const isRoot = process.getuid?.() === 0;
const has = (command) => spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;

/** Installs the npm packages when they are missing or older than the lock file. */
export function npmInstall(say) {
  const stamp = join(ROOT, "node_modules/.package-lock.json");
  const lock = join(ROOT, "package-lock.json");
  if (existsSync(NODE) && existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  say("installing npm packages");
  run("npm", ["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"]);
}

/** command → Debian package. */
const TOOLS = { ip: "iproute2", iptables: "iptables", unshare: "util-linux", nsenter: "util-linux" };
const CNI = "/usr/lib/cni/bridge";

/** Installs what a machine's network needs; as root on Debian only, elsewhere says what is missing. */
export function systemPackages(say, extra = {}) {
  const wanted = new Set(
    Object.entries({ ...TOOLS, ...extra })
      .filter(([command]) => !has(command))
      .map(([, pkg]) => pkg),
  );
  if (!existsSync(CNI) && !existsSync("/opt/cni/bin/bridge")) wanted.add("containernetworking-plugins");
  if (wanted.size === 0) return;
  const list = [...wanted];
  if (!isRoot || !has("apt-get")) {
    say(`missing on this machine: ${list.join(", ")} (install them with your package manager)`);
    return;
  }
  say(`installing ${list.join(", ")}`);
  run("apt-get", ["update", "-qq"]);
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...list], { DEBIAN_FRONTEND: "noninteractive" });
}

const dockerAnswers = () => spawnSync("docker", ["version", "--format", "{{.Server.Version}}"], { stdio: "ignore" }).status === 0;

/** Starts dockerd where none answers. Returns the child's pid, or undefined when one was running. */
export async function ensureDocker(say) {
  if (dockerAnswers()) return undefined;
  if (!isRoot || !has("dockerd")) throw new Error("no Docker engine answers and none can be started here");
  say("starting dockerd");
  const log = openSync("/tmp/flotilla-dockerd.log", "a");
  const child = spawn("dockerd", [], { detached: true, stdio: ["ignore", log, log] });
  child.unref();
  for (let i = 0; i < 150; i++) {
    if (dockerAnswers()) return child.pid;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("dockerd did not answer within 30 s; its log is /tmp/flotilla-dockerd.log");
}

export function run(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
  if (result.error) throw new Error(`${command} could not be run: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${result.status ?? result.signal}`);
}
