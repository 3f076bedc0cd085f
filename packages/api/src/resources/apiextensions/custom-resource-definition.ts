import { validateCrdSchemas } from "../../custom/validate-schema.ts";
import { createdColumn, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import type { CustomResourceDefinition } from "../../types.ts";
import { validateCrd, validateCrdUpdate } from "../../validation/crd.ts";
import { defaultWebhookClient } from "../../validation/webhook-client.ts";

/** The kind itself; what it brings into being is the API server's. */
export const customResourceDefinitions = defineResource<CustomResourceDefinition>({
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  resource: "customresourcedefinitions",
  schema: "apiextensions/v1.CustomResourceDefinition",
  namespaced: false,
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  subresources: [statusSubresource<CustomResourceDefinition>("CustomResourceDefinition")],
  table: [nameColumn(), createdColumn()],
  defaults({ spec }) {
    if (!spec) return;
    const { names } = spec;
    if (names) {
      names.singular ||= (names.kind ?? "").toLowerCase();
      if (names.kind) names.listKind ||= `${names.kind}List`;
    }
    spec.conversion ??= { strategy: "None" };
    defaultWebhookClient(spec.conversion.webhook?.clientConfig);
  },
  strategy: {
    tracksGeneration: true,
    allowUnconditionalUpdate: false,
    prepareForCreate(crd) {
      crd.status = emptyStatus();
      noteStoredVersions(crd);
    },
    prepareForUpdate: noteStoredVersions,
    validate(crd, errors) {
      validateCrd(crd, errors);
      validateCrdSchemas(crd, errors);
    },
    validateUpdate: validateCrdUpdate,
    // Its instances go first: a definition that is not yet marked as deleted cannot simply vanish.
    holdsDeletion: ({ metadata }) => metadata.deletionTimestamp === undefined,
    markDeleted: holdForInstances,
  },
});

/** The API server takes the finalizer away when the last instance is gone. */
const INSTANCES_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

function holdForInstances(crd: CustomResourceDefinition): void {
  const { metadata } = crd;
  if (!metadata.finalizers?.includes(INSTANCES_FINALIZER)) metadata.finalizers = [...(metadata.finalizers ?? []), INSTANCES_FINALIZER];
}

type Status = NonNullable<CustomResourceDefinition["status"]>;

const emptyStatus = (): Status => ({ acceptedNames: { plural: "", kind: "" }, storedVersions: [] });

/** Every version that was ever written stays noted until its objects are migrated. */
function noteStoredVersions(crd: CustomResourceDefinition): void {
  const status = { ...emptyStatus(), ...crd.status };
  const stored = new Set(status.storedVersions);
  for (const version of crd.spec?.versions ?? []) if (version.storage) stored.add(version.name);
  crd.status = { ...status, storedVersions: [...stored] };
}
