import { CRI_FLAGS } from "@flotilla/cri";
import { type FlagSpecs, runMain } from "@flotilla/process";
import { createCriDocker } from "./assemble.ts";
import { PAUSE_IMAGE } from "./pause-image.ts";

const SUMMARY = "CRI runtime on top of Docker; pods whose RuntimeClass has the handler process run as plain processes beside it.";

const FLAGS = {
  ...CRI_FLAGS,
  "docker-endpoint": { type: "string", default: "unix:///var/run/docker.sock", help: "where the Docker daemon listens" },
  handlers: { type: "list", default: ["docker", "process"], help: "runtime handlers to serve" },
  "default-handler": { type: "string", default: "docker", help: "handler of pods that name none" },
  labels: { type: "map", default: {}, help: "labels on every Docker container; this machine's containers are found by them" },
  "pod-sandbox-image": {
    type: "string",
    default: PAUSE_IMAGE,
    help: "image of the pods' pause containers; the default one is made on the spot",
  },
} as const satisfies FlagSpecs;

await runMain("flotilla-cri-docker", SUMMARY, FLAGS, (flags, ports) =>
  createCriDocker(ports, {
    listen: flags.listen,
    rootDir: flags["root-dir"],
    imageDir: flags["image-dir"],
    cniConfDir: flags["cni-conf-dir"],
    cniBinDirs: flags["cni-bin-dir"].split(":"),
    streamingAddress: flags["streaming-bind-address"],
    cgroupParent: flags["cgroup-parent"],
    dockerEndpoint: flags["docker-endpoint"],
    handlers: flags.handlers,
    defaultHandler: flags["default-handler"],
    labels: flags.labels,
    pauseImage: flags["pod-sandbox-image"],
  }),
);
