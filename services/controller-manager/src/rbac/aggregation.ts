import { type ClusterRole, ClusterRoles, matchesLabelSelector } from "@flotilla/api";
import { type ControllerContext, startReconciler } from "../context.ts";

type Rules = NonNullable<ClusterRole["rules"]>;

/** The rules of all roles that an aggregated role selects, each once; undefined when it has them already. */
export function planRules(role: ClusterRole, all: ClusterRole[]): Rules | undefined {
  const others = all.filter((r) => r.metadata.name !== role.metadata.name).sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
  const rules = new Map<string, Rules[number]>();
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    for (const other of others.filter((r) => matchesLabelSelector(selector, r.metadata.labels))) {
      for (const rule of other.rules ?? []) rules.set(canonical(rule), rule);
    }
  }
  const present = new Set((role.rules ?? []).map(canonical));
  const same = present.size === rules.size && [...rules.keys()].every((key) => present.has(key));
  return same ? undefined : [...rules.values()];
}

const canonical = (rule: Rules[number]): string => JSON.stringify(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Keeps admin, edit and view (and people's own aggregates) equal to the roles they select. */
export function startClusterRoleAggregation(context: ControllerContext): void {
  const { client, informers } = context;
  const roles = informers.informer(ClusterRoles);
  const controller = startReconciler(context, [roles], {
    name: "clusterrole_aggregation",
    reconcile: async (name) => {
      const role = roles.lister.get(name);
      if (!role?.aggregationRule || role.metadata.deletionTimestamp) return;
      const rules = planRules(role, roles.lister.list());
      if (rules) await client.update(ClusterRoles, { ...role, rules });
    },
  });
  const enqueue = () => {
    for (const role of roles.lister.list()) if (role.aggregationRule) controller.queue.add(role.metadata.name!);
  };
  roles.subscribe({ add: enqueue, update: enqueue, delete: enqueue });
}
