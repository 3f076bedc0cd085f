// Bundles every component into dist/<component>.mjs: one file to load is what
// makes a process start in a tenth of the time that hundreds of sources take.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const only = process.argv.slice(2);
const entries = {};
for (const room of ["services", "apps"]) {
  for (const name of readdirSync(join(root, room))) {
    const main = join(root, room, name, "src/main.ts");
    if (existsSync(main) && (only.length === 0 || only.includes(name))) entries[name] = main;
  }
}
const result = await build({
  entryPoints: entries,
  outdir: join(root, "dist"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  sourcemap: "linked",
  minifySyntax: true,
  logLevel: "warning",
  external: ["cpu-features", "*.node"],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url); import { fileURLToPath as __f } from "node:url"; import { dirname as __d } from "node:path"; const __filename = __f(import.meta.url); const __dirname = __d(__filename);',
  },
});
if (result.errors.length) process.exit(1);
