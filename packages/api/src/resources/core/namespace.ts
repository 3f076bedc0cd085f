import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import { validateFinalizerNames } from "../../meta/validate.ts";
import { asPrefix, dns1123LabelErrors } from "../../names.ts";
import type { Namespace } from "../../types.ts";

const NAME_LABEL = "kubernetes.io/metadata.name";

export const namespaces = defineResource<Namespace>({
  group: "",
  version: "v1",
  kind: "Namespace",
  resource: "namespaces",
  schema: "core/v1.Namespace",
  namespaced: false,
  shortNames: ["ns"],
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  subresources: [
    {
      name: "finalize",
      kind: "Namespace",
      verbs: ["update"],
      style: "object",
      strategy: {
        // Only spec.finalizers may change.
        prepareForUpdate(namespace, old) {
          if (old.status) namespace.status = old.status;
        },
      },
    },
    statusSubresource("Namespace"),
  ],
  table: [nameColumn(), column("Status", (namespace) => namespace.status?.phase ?? ""), ageColumn()],
  defaults(namespace) {
    const { name } = namespace.metadata;
    if (name) namespace.metadata.labels = { ...namespace.metadata.labels, [NAME_LABEL]: name };
  },
  strategy: {
    nameErrors: (name, prefix) => dns1123LabelErrors(asPrefix(name, prefix)),
    prepareForCreate(namespace) {
      const finalizers = namespace.spec?.finalizers ?? [];
      namespace.spec = { finalizers: finalizers.includes("kubernetes") ? finalizers : [...finalizers, "kubernetes"] };
      namespace.status = { phase: "Active" };
      const { name } = namespace.metadata;
      if (name) namespace.metadata.labels = { ...namespace.metadata.labels, [NAME_LABEL]: name };
    },
    prepareForUpdate(namespace, old) {
      if (old.spec) namespace.spec = old.spec;
    },
    validate: ({ spec }, errors) => validateFinalizerNames(spec?.finalizers ?? [], "spec.finalizers", errors),
    holdsDeletion: (namespace) => (namespace.spec?.finalizers?.length ?? 0) > 0,
    markDeleted(namespace) {
      namespace.status = { ...namespace.status, phase: "Terminating" };
    },
  },
  selectableFields: { "status.phase": (namespace) => namespace.status?.phase ?? "" },
});
