import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@flotilla/process";
import { runProgram } from "./program.ts";

const { env } = process;
// As a bundle we lie among the others; as a source, the bundles are in the repository's dist/.
const here = dirname(fileURLToPath(import.meta.url));
const dist = import.meta.url.endsWith(".ts") ? join(here, "../../../dist") : here;

process.stdout.on("error", () => process.exit(1)); // `flotilla logs … | head`
const code = await runProgram(
  {
    around: {
      home: env.HOME ?? homedir(),
      flotillaHome: env.FLOTILLA_HOME || undefined,
      kubeconfig: env.KUBECONFIG || undefined,
      dockerHost: env.DOCKER_HOST || undefined,
      path: env.PATH ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      dist,
      isTerminal: process.stderr.isTTY === true,
    },
    clock: systemClock,
    print: (text) => void process.stdout.write(text),
    tell: (text) => void process.stderr.write(text),
  },
  process.argv.slice(2),
);
process.exitCode = code || process.exitCode;
