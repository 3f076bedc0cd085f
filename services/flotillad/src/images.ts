import { addImage } from "@flotilla/cri/images.ts";
import { bundleOf, componentEnv, type Install, nodeCommand, VERSION_TAG } from "./install.ts";

export const componentImage = (component: string): string => `flotilla/${component}:${VERSION_TAG}`;

const COMPONENTS = ["etcd", "kube-apiserver", "kube-scheduler", "kube-controller-manager", "kube-proxy", "kube-dns"];

/** Makes our own components images of the process runtime: the machine's file system, started with node. */
export async function registerComponentImages(folder: string, install: Install): Promise<void> {
  await Promise.all(
    COMPONENTS.map((component) =>
      addImage(folder, {
        name: componentImage(component),
        rootfs: "/",
        entrypoint: nodeCommand(install, component),
        env: Object.entries(componentEnv(install, component)).map(([key, value]) => `${key}=${value}`),
      }),
    ),
  );
}

export const bundlesNeeded = (): string[] => [...COMPONENTS.map(bundleOf), "kubelet", "cri-process", "relay"];
