import { column, defineResource, nameColumn } from "../../define.ts";
import { dns1123SubdomainErrors } from "../../names.ts";
import { parseQuantity } from "../../quantity.ts";
import type { CSIStorageCapacity } from "../../types.ts";
import { immutable, NON_NEGATIVE, validateLabelSelector } from "../../validation/common.ts";

export const csiStorageCapacities = defineResource<CSIStorageCapacity>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIStorageCapacity",
  resource: "csistoragecapacities",
  schema: "storage/v1.CSIStorageCapacity",
  table: [
    nameColumn(),
    column("StorageClassName", ({ storageClassName }) => storageClassName ?? ""),
    column("Capacity", ({ capacity }) => capacity ?? "<unset>"),
  ],
  strategy: {
    validate(object, errors) {
      const name = object.storageClassName ?? "";
      errors.invalidEach("storageClassName", name, dns1123SubdomainErrors(name));
      validateLabelSelector(object.nodeTopology, "nodeTopology", errors);
      for (const field of ["capacity", "maximumVolumeSize"] as const) {
        const text = object[field];
        if (text !== undefined && parseQuantity(text).nanos < 0n) errors.invalid(field, text, NON_NEGATIVE);
      }
    },
    validateUpdate(object, old, errors) {
      immutable("nodeTopology", object.nodeTopology, old.nodeTopology, errors);
      immutable("storageClassName", object.storageClassName, old.storageClassName, errors);
    },
  },
});
