// npm run soak -- NAME [--minutes N …]: runs tests/soak/NAME.ts for as long as it is told; fails when it finds a violation.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { NODE, npmInstall, ROOT } from "./prepare.mjs";

const names = ["store"];
const [name, ...args] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`usage: npm run soak -- NAME [--minutes N] [--seed N] [--members N] [--report FILE]\nnames: ${names.join(", ")}`);
  process.exit(2);
}
npmInstall((text) => console.error(text));
const file = join(ROOT, "tests/soak", `${name}.ts`);
const script = `const soak = (await import(${JSON.stringify(file)})).default; process.exit(await soak(${JSON.stringify(args)}));`;
const result = spawnSync(NODE, ["--input-type=module", "-e", script], { cwd: process.cwd(), stdio: ["ignore", "inherit", "inherit"] });
process.exit(result.status ?? 1);
