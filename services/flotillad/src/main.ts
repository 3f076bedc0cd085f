import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runMain } from "@flotilla/process";
import { createContainerPart, createFlotillad } from "./assemble.ts";

/** Long enough for the reply of the call that asked for it. */
const EXIT_DELAY_MS = 50;
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

await runMain(
  "flotillad",
  "Keeps the machines of one Flotilla cluster running and serves flotilla.control.v1 on <state-dir>/run/control.sock; with --machine it is one of them.",
  {
    "state-dir": { type: "string", default: "", help: "the cluster's folder" },
    "dist-dir": { type: "string", default: dirname(fileURLToPath(import.meta.url)), help: "the folder of the components' bundles" },
    "cni-bin-dir": { type: "string", default: "/usr/lib/cni:/opt/cni/bin", help: "the folders of the CNI plug-ins, separated by colons" },
    "docker-endpoint": { type: "string", default: "unix:///var/run/docker.sock", help: "where Docker answers" },
    machine: {
      type: "string",
      default: "",
      help: "be this machine of a cluster of containers (cp1, worker2 …), or its load balancer (lb)",
    },
    "cluster-name": { type: "string", default: "flotilla", help: "with --machine: the cluster's name" },
    "control-planes": { type: "int", default: 3, help: "with --machine: how many control planes there are" },
    workers: { type: "int", default: 3, help: "with --machine: how many workers there are" },
    runtime: { type: "string", default: "", help: "with --machine: docker or process; default: docker where it answers" },
    failover: { type: "string", default: "default", help: "with --machine: default or fast" },
    "load-balancer": { type: "string", default: "172.30.0.2", help: "with --machine: address of the load balancer" },
    "api-port": { type: "int", default: 6443, help: "with --machine lb: the load balancer's port on the host" },
    "kubeconfig-out": { type: "string", default: "", help: "with --machine lb: where to write the kubeconfig for the host" },
  },
  async (flags, ports) => {
    if (!flags["state-dir"].startsWith("/")) throw new Error("--state-dir must be an absolute path");
    const config = {
      stateDir: flags["state-dir"],
      install: { node: process.execPath, dist: flags["dist-dir"], path: `${process.env.PATH ?? ""}:${SYSTEM_PATH}` },
      cniBinDir: flags["cni-bin-dir"],
      dockerEndpoint: flags["docker-endpoint"],
      isRoot: process.getuid?.() === 0,
    };
    const exit = () => void ports.clock.setTimeout(() => process.kill(process.pid, "SIGTERM"), EXIT_DELAY_MS);
    if (!flags.machine) return createFlotillad({ ...ports, exit }, config);
    return createContainerPart(ports, {
      ...config,
      machine: flags.machine,
      name: flags["cluster-name"],
      controlPlanes: flags["control-planes"],
      workers: flags.workers,
      runtime: flags.runtime,
      failover: flags.failover,
      loadBalancer: flags["load-balancer"],
      apiPort: flags["api-port"],
      kubeconfigOut: flags["kubeconfig-out"],
    });
  },
);
