// npm run bench -- NAME: runs tests/bench/NAME.ts and prints its figures as one JSON line.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { NODE, npmInstall, ROOT } from "./prepare.mjs";

const folder = join(ROOT, "tests/bench");
/** The other files of the folder are their helpers. */
const names = ["boot", "pods", "failover", "proxy", "api", "api-churn", "store", "stability"];
const [name, ...args] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`usage: npm run bench -- NAME\nbenchmarks: ${names.join(", ")}`);
  process.exit(2);
}
npmInstall((text) => console.error(text));
const script = `const bench = (await import(${JSON.stringify(join(folder, `${name}.ts`))})).default; const figures = await bench(${JSON.stringify(args)}); process.stdout.write(JSON.stringify({ bench: ${JSON.stringify(name)}, ...figures }) + "\\n"); process.exit(0);`;
const result = spawnSync(NODE, ["--input-type=module", "-e", script], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
process.exit(result.status ?? 1);
