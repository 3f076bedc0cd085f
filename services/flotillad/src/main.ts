import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runMain } from "@flotilla/process";
import { createFlotillad } from "./assemble.ts";

/** Long enough for the reply of the call that asked for it. */
const EXIT_DELAY_MS = 50;

await runMain(
  "flotillad",
  "Keeps the machines of one Flotilla cluster running and serves flotilla.control.v1 on <state-dir>/run/control.sock.",
  {
    "state-dir": { type: "string", default: "", help: "the cluster's folder" },
    "dist-dir": { type: "string", default: dirname(fileURLToPath(import.meta.url)), help: "the folder of the components' bundles" },
    "cni-bin-dir": { type: "string", default: "/usr/lib/cni", help: "the folder of the CNI plug-ins" },
    "docker-endpoint": { type: "string", default: "unix:///var/run/docker.sock", help: "where Docker answers" },
    "upstream-dns": { type: "string", help: "host:port that answers for names outside of the cluster" },
  },
  async (flags, ports) => {
    if (!flags["state-dir"].startsWith("/")) throw new Error("--state-dir must be an absolute path");
    return createFlotillad(
      { ...ports, exit: () => void ports.clock.setTimeout(() => process.kill(process.pid, "SIGTERM"), EXIT_DELAY_MS) },
      {
        stateDir: flags["state-dir"],
        install: {
          node: process.execPath,
          dist: flags["dist-dir"],
          path: `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`,
        },
        cniBinDir: flags["cni-bin-dir"],
        dockerEndpoint: flags["docker-endpoint"],
        isRoot: process.getuid?.() === 0,
        upstreamDns: flags["upstream-dns"],
      },
    );
  },
);
