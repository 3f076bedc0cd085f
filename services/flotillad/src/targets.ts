import type { ComponentStatus } from "./machines/machine.ts";

/** What a person's `etcd@cp1`, `etcd-cp1`, `worker1` or `scheduler-leader` means. */
export type Target =
  | { kind: "machine"; name: string }
  | { kind: "components"; components: ComponentStatus[] }
  | { kind: "unknown"; why: string };

export interface Leaders {
  etcd?: string;
  "kube-scheduler"?: string;
  "kube-controller-manager"?: string;
}

const LEADER_ALIASES: Record<string, keyof Leaders> = {
  etcd: "etcd",
  store: "etcd",
  scheduler: "kube-scheduler",
  "kube-scheduler": "kube-scheduler",
  "controller-manager": "kube-controller-manager",
  "kube-controller-manager": "kube-controller-manager",
};

/** Short names people know the parts by. */
const COMPONENT_ALIASES: Record<string, string> = {
  store: "etcd",
  apiserver: "kube-apiserver",
  scheduler: "kube-scheduler",
  "controller-manager": "kube-controller-manager",
  proxy: "kube-proxy",
  dns: "kube-dns",
};

export function resolveTarget(text: string, machines: readonly string[], components: readonly ComponentStatus[], leaders: Leaders): Target {
  if (machines.includes(text)) return { kind: "machine", name: text };
  const leader = /^(.+)-leader$/.exec(text)?.[1];
  if (leader && LEADER_ALIASES[leader]) return leaderTarget(LEADER_ALIASES[leader], components, leaders);
  const at = text.indexOf("@");
  const exact = components.filter((c) => c.name === text);
  if (exact.length > 0) return { kind: "components", components: exact };
  const split = at > 0 ? [text.slice(0, at), text.slice(at + 1)] : splitAtMachine(text, machines);
  if (split) {
    const [component, machine] = [COMPONENT_ALIASES[split[0]!] ?? split[0]!, split[1]!];
    if (!machines.includes(machine)) return { kind: "unknown", why: `there is no machine "${machine}"; there are ${machines.join(", ")}` };
    const found = components.filter(
      (c) => c.machine === machine && (c.component === component || (component === "cri" && /^cri-/.test(c.component))),
    );
    if (found.length > 0) return { kind: "components", components: found };
    const there = components.filter((c) => c.machine === machine).map((c) => c.component);
    return { kind: "unknown", why: `there is no "${component}" on ${machine}; there are ${[...new Set(there)].join(", ")}` };
  }
  const name = COMPONENT_ALIASES[text] ?? text;
  const everywhere = components.filter((c) => c.component === name);
  if (everywhere.length === 1) return { kind: "components", components: everywhere };
  if (everywhere.length > 1) {
    return {
      kind: "unknown",
      why: `"${text}" runs on several machines; say which: ${everywhere.map((c) => `${name}@${c.machine}`).join(", ")}`,
    };
  }
  return { kind: "unknown", why: `there is no machine or component "${text}"; \`flotilla status\` lists them` };
}

function leaderTarget(component: keyof Leaders, components: readonly ComponentStatus[], leaders: Leaders): Target {
  const machine = leaders[component];
  const found = components.filter((c) => c.component === component && c.machine === machine);
  return found.length > 0 ? { kind: "components", components: found } : { kind: "unknown", why: `${component} has no leader right now` };
}

function splitAtMachine(text: string, machines: readonly string[]): [string, string] | undefined {
  const machine = machines.find((name) => text.endsWith(`-${name}`));
  return machine ? [text.slice(0, -machine.length - 1), machine] : undefined;
}
