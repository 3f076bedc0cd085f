// `npm start`: from a fresh clone to a running cluster. Runs on whatever Node is
// here (20 and up) with nothing installed, so it uses node: modules alone.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stderr.write(`${text}\n`);

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) return { ok: false, why: result.error.message };
  return { ok: result.status === 0, why: `${command} ${args.join(" ")} ended with ${result.status ?? result.signal}` };
}

function stop(why, next) {
  say(` ✗ ${why}`);
  if (next) say(`   ${next}`);
  process.exit(1);
}

const mtime = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** node_modules as package.json and the lock file want it; npm notes its last install in a file of its own. */
function installPackages() {
  const mark = join(root, "node_modules/.package-lock.json");
  const wanted = Math.max(mtime(join(root, "package.json")), mtime(join(root, "package-lock.json")));
  const complete = existsSync(join(root, "node_modules/node/bin/node")) && existsSync(join(root, "node_modules/.bin/flotilla"));
  if (complete && mtime(mark) >= wanted) return;
  say(" • Installing packages (npm install)");
  const result = run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: ["ignore", "ignore", "inherit"] });
  if (!result.ok) stop(result.why, "Is the package registry reachable? Try `npm install` by hand.");
  // npm leaves it alone when there was nothing to change.
  if (existsSync(mark)) utimesSync(mark, new Date(), new Date());
  if (!existsSync(join(root, "node_modules/node/bin/node"))) stop("npm did not bring the pinned Node", "Try: npm rebuild node");
}

const onPath = (program) =>
  `${process.env.PATH ?? ""}:/usr/sbin:/sbin`.split(":").some((folder) => folder !== "" && existsSync(join(folder, program)));

/** What machines are made of, by the Debian package that has it. */
const SYSTEM = [
  { pkg: "iproute2", here: () => onPath("ip") },
  { pkg: "util-linux", here: () => onPath("nsenter") && onPath("unshare") },
  { pkg: "iptables", here: () => onPath("iptables") },
  { pkg: "containernetworking-plugins", here: () => existsSync("/usr/lib/cni/bridge") || existsSync("/opt/cni/bin/bridge") },
];

function installSystem() {
  if (process.platform !== "linux") {
    stop("machines are Linux network namespaces, and this is not Linux", "Use Docker instead: docker compose up");
  }
  const missing = SYSTEM.filter(({ here }) => !here()).map(({ pkg }) => pkg);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid() !== 0 || !onPath("apt-get"))
    stop(`missing on this machine: ${missing.join(", ")}`, `Install them, for example with: sudo ${command}`);
  say(` • Installing ${missing.join(", ")} (apt-get)`);
  const quiet = { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  run("apt-get", ["update", "-qq"], quiet);
  const result = run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], quiet);
  if (!result.ok) stop(result.why, `Install them by hand: ${command}`);
}

function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "node_modules" || entry.name === "dist") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path));
    else if (/\.(ts|mjs|json)$/.test(entry.name)) newest = Math.max(newest, mtime(path));
  }
  return newest;
}

function build() {
  const sources = ["packages", "services", "apps", "scripts"].map((folder) => newestSource(join(root, folder)));
  if (mtime(join(root, "dist/.built")) > Math.max(...sources)) return;
  say(" • Building the components");
  const result = run(join(root, "node_modules/node/bin/node"), [join(root, "scripts/build.mjs")]);
  if (!result.ok) stop(result.why);
}

installPackages();
installSystem();
build();
if (process.argv[2] === "--prepare") process.exit(0);
if (!onPath("kubectl")) say(" • There is no kubectl here; get one from https://kubernetes.io/docs/tasks/tools/");
const result = spawnSync(process.execPath, [join(root, "apps/cli/bin/flotilla.mjs"), "up", ...process.argv.slice(2)], { stdio: "inherit" });
process.exit(result.status ?? 1);
