/** Labels in the domain of Kubernetes that a kubelet may set on its own node (upstream: kubelet/apis/well_known_labels.go). */
const KUBELET_LABELS = new Set([
  "kubernetes.io/hostname",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "node.kubernetes.io/instance-type",
  "beta.kubernetes.io/instance-type",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
]);
const KUBELET_DOMAINS = ["kubelet.kubernetes.io", "node.kubernetes.io"];
/** By these, workloads are kept away from nodes that are not trusted. */
const RESTRICTED_DOMAIN = "node-restriction.kubernetes.io";
/**
 * Unlike upstream's kubelet, ours registers with its role. It may not change it afterwards, nor delete its node to
 * register again.
 */
const ROLE_DOMAIN = "node-role.kubernetes.io";

/** Which labels differ from `before` although a kubelet may not set them. */
export function labelsBeyond(now: Record<string, string> = {}, before: Record<string, string> = {}, registering: boolean): string[] {
  const changed = Object.keys({ ...now, ...before }).filter((label) => now[label] !== before[label]);
  return changed.filter((label) => !mayChange(label, registering)).sort();
}

function mayChange(label: string, registering: boolean): boolean {
  const slash = label.indexOf("/");
  const domain = slash < 0 ? "" : label.slice(0, slash);
  if (within(domain, RESTRICTED_DOMAIN)) return false;
  if (!within(domain, "kubernetes.io") && !within(domain, "k8s.io")) return true;
  return KUBELET_LABELS.has(label) || KUBELET_DOMAINS.some((known) => within(domain, known)) || (registering && domain === ROLE_DOMAIN);
}

const within = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);
