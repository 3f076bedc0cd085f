import { type TableColumn, wideColumn } from "../../define.ts";
import type { KubeObject, RoleBinding } from "../../types.ts";

type Binding = KubeObject & Pick<RoleBinding, "subjects">;

/** Users, Groups and ServiceAccounts of a binding, with -o wide. */
export const subjectColumns = <T extends Binding>(): TableColumn<T>[] => [
  wideColumn("Users", (binding: T) => names(binding, "User")),
  wideColumn("Groups", (binding: T) => names(binding, "Group")),
  wideColumn("ServiceAccounts", (binding: T) => names(binding, "ServiceAccount")),
];

function names(binding: Binding, kind: string): string {
  const subjects = (binding.subjects ?? []).filter((subject) => subject.kind === kind);
  return subjects.map(({ name, namespace }) => (kind === "ServiceAccount" ? `${namespace ?? ""}/${name}` : name)).join(", ");
}
