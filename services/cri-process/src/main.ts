import { CRI_FLAGS } from "@flotilla/cri";
import { runMain } from "@flotilla/process";
import { createCriProcess } from "./assemble.ts";

const SUMMARY = "CRI runtime whose pods are plain processes in their own namespaces.";

await runMain("flotilla-cri-process", SUMMARY, CRI_FLAGS, (flags, ports) =>
  createCriProcess(ports, {
    listen: flags.listen,
    rootDir: flags["root-dir"],
    imageDir: flags["image-dir"],
    cniConfDir: flags["cni-conf-dir"],
    cniBinDirs: flags["cni-bin-dir"].split(":"),
    streamingAddress: flags["streaming-bind-address"],
    cgroupParent: flags["cgroup-parent"],
  }),
);
