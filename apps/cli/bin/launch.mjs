// Runs a component's bundle with the Node that Flotilla pins, whatever Node
// started us: `npx flotilla` on a machine with Node 20 must work. No dependencies.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MAJOR_NEEDED = 24;
const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), "../../.."));

function pinnedNode() {
  if (Number(process.versions.node.split(".")[0]) >= MAJOR_NEEDED) return process.execPath;
  const pinned = join(root, "node_modules/node/bin/node");
  if (existsSync(pinned)) return pinned;
  process.stderr.write(
    `flotilla needs Node ${MAJOR_NEEDED}, and this is ${process.version}. Run "npm install" in ${root}: it brings its own.\n`,
  );
  process.exit(1);
}

/** @param {string} bundle file name in dist/, without .mjs */
export async function launch(bundle) {
  const node = pinnedNode();
  const file = join(root, "dist", `${bundle}.mjs`);
  if (!existsSync(file)) build(node);
  const env = { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, "dist/.compile-cache") };
  const child = spawn(node, [file, ...process.argv.slice(2)], { stdio: "inherit", env });
  // The terminal sends Ctrl-C to both; the component decides what it means.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal ? 128 + 9 : 1)));
  });
  process.exit(code);
}

function build(node) {
  const result = spawnSync(node, [join(root, "scripts/build.mjs")], { stdio: ["ignore", "inherit", "inherit"], cwd: root });
  if (result.status !== 0) process.exit(1);
}
