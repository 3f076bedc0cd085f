import { join } from "node:path";

/** Where Flotilla itself is installed. */
export interface Install {
  /** The node binary that runs components. */
  node: string;
  /** The folder of the bundles, `<component>.mjs`. */
  dist: string;
  /** For the programs components call: ip, nsenter, CNI plug-ins. */
  path: string;
}

export const VERSION_TAG = "v0.1.0";

/** Old-generation heap limits, in MiB: small enough that many processes fit, with room above what was seen in use. */
const HEAP_MB: Record<string, number> = {
  etcd: 512,
  "kube-apiserver": 768,
  "kube-controller-manager": 384,
  "kube-scheduler": 256,
  kubelet: 256,
  "cri-docker": 192,
  "cri-process": 192,
  "kube-proxy": 192,
  dns: 128,
  relay: 128,
};

/** Young generations; one that handles thousands of requests a second spends an eighth of its time collecting a small one. */
const SEMI_SPACE_MB: Record<string, number> = { "kube-apiserver": 16 };
const SEMI_SPACE_MB_DEFAULT = 4;

/** Components of the control plane by their bundle's file name. */
const BUNDLE: Record<string, string> = {
  "kube-apiserver": "apiserver",
  "kube-scheduler": "scheduler",
  "kube-controller-manager": "controller-manager",
  "kube-dns": "dns",
};

export const bundleOf = (component: string): string => BUNDLE[component] ?? component;

/** `node … <dist>/<component>.mjs`: few helper threads and small young generations, since dozens of these share one machine. */
export function nodeCommand(install: Install, component: string): string[] {
  const bundle = bundleOf(component);
  return [
    install.node,
    `--max-semi-space-size=${SEMI_SPACE_MB[component] ?? SEMI_SPACE_MB_DEFAULT}`,
    `--max-old-space-size=${HEAP_MB[component] ?? HEAP_MB[bundle] ?? 256}`,
    "--v8-pool-size=1",
    // grpc-js names a server by its IP address in TLS; Node warns of it once in every process.
    "--disable-warning=DEP0123",
    join(install.dist, `${bundle}.mjs`),
  ];
}

/**
 * The store keeps its values in large pieces. By default glibc moves such pieces into its heap once the first was given
 * back, where the small ones among them hold them: 40 MB of 200 under load.
 */
const MALLOC: Record<string, Record<string, string>> = {
  etcd: { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "262144", MALLOC_ARENA_MAX: "2" },
};

export function componentEnv(install: Install, component = ""): Record<string, string> {
  return {
    ...MALLOC[component],
    PATH: install.path,
    NODE_COMPILE_CACHE: join(install.dist, ".compile-cache"),
    UV_THREADPOOL_SIZE: "2",
  };
}
