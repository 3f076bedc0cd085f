import type { Container, ContainerFilter, PodSandbox, PodSandboxFilter } from "@flotilla/rpc/gen/cri/v1/api.ts";

type Labels = Record<string, string>;

function labelsMatch(labels: Labels, selector: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** CRI ids may be given as a prefix, as `crictl` does. */
export function matchesSandbox(sandbox: PodSandbox, filter: PodSandboxFilter | undefined): boolean {
  if (!filter) return true;
  if (filter.id && !sandbox.id.startsWith(filter.id)) return false;
  if (filter.state && sandbox.state !== filter.state.state) return false;
  return labelsMatch(sandbox.labels, filter.labelSelector);
}

export function matchesContainer(container: Container, filter: ContainerFilter | undefined): boolean {
  if (!filter) return true;
  if (filter.id && !container.id.startsWith(filter.id)) return false;
  if (filter.state && container.state !== filter.state.state) return false;
  if (filter.podSandboxId && !container.podSandboxId.startsWith(filter.podSandboxId)) return false;
  return labelsMatch(container.labels, filter.labelSelector);
}
