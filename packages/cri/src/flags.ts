import type { FlagSpecs } from "@flotilla/process";

/** What cri-process and cri-docker have in common. */
export const CRI_FLAGS = {
  listen: { type: "string", default: "unix:///run/flotilla/cri.sock", help: "unix socket to serve the CRI on" },
  "root-dir": { type: "string", default: "/var/lib/flotilla/cri", help: "folder for the state of pods and containers" },
  "image-dir": {
    type: "string",
    default: "/var/lib/flotilla/images",
    help: "folder of the process images' registry, shared by all machines",
  },
  "cni-conf-dir": { type: "string", default: "/etc/cni/net.d", help: "folder of the CNI network configuration" },
  "cni-bin-dir": {
    type: "string",
    default: "/usr/lib/cni:/opt/cni/bin",
    help: "folders of CNI plug-ins, separated by colons; bridge with host-local and loopback are built in",
  },
  "streaming-bind-address": {
    type: "string",
    default: "127.0.0.1",
    help: "address (and optional :port) for exec, attach and port-forward streams",
  },
  "cgroup-parent": { type: "string", default: "flotilla", help: "folder below each cgroup hierarchy for process containers" },
} as const satisfies FlagSpecs;
