import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { FieldErrors } from "../../field-error.ts";
import { jsonEqual } from "../../json-equal.ts";
import { byteLength, dns1123SubdomainErrors, qualifiedNameErrors } from "../../names.ts";
import type { CSINode } from "../../types.ts";
import { nonNegative } from "../../validation/common.ts";

const NODE_ID_BYTES_MAX = 192;

export const csiNodes = defineResource<CSINode>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSINode",
  resource: "csinodes",
  schema: "storage/v1.CSINode",
  namespaced: false,
  table: [nameColumn(), column("Drivers", ({ spec }) => spec?.drivers?.length ?? 0, { type: "integer" }), ageColumn()],
  strategy: {
    validate,
    validateUpdate({ spec }, old, errors) {
      // A driver comes and goes as a whole.
      (spec?.drivers ?? []).forEach((driver, index) => {
        const before = (old.spec?.drivers ?? []).find(({ name }) => name === driver.name);
        if (!before) return;
        for (const field of ["nodeID", "topologyKeys", "allocatable"] as const) {
          if (before[field] !== undefined && !jsonEqual(driver[field], before[field])) {
            errors.invalid(`spec.drivers[${index}].${field}`, driver[field], "field is immutable");
          }
        }
      });
    },
  },
});

function validate({ spec }: CSINode, errors: FieldErrors): void {
  const names = new Set<string>();
  (spec?.drivers ?? []).forEach((driver, index) => {
    const at = `spec.drivers[${index}]`;
    if (!driver.name) errors.required(`${at}.name`);
    else errors.invalidEach(`${at}.name`, driver.name, dns1123SubdomainErrors(driver.name.toLowerCase()));
    if (names.has(driver.name)) errors.duplicate(`${at}.name`, driver.name);
    names.add(driver.name);
    if (!driver.nodeID) errors.required(`${at}.nodeID`);
    else if (byteLength(driver.nodeID) > NODE_ID_BYTES_MAX) {
      errors.invalid(`${at}.nodeID`, driver.nodeID, `must be ${NODE_ID_BYTES_MAX} characters or less`);
    }
    nonNegative(`${at}.allocatable.count`, driver.allocatable?.count, errors);
    (driver.topologyKeys ?? []).forEach((key, i) => {
      if (!key) errors.required(`${at}.topologyKeys[${i}]`);
      else errors.invalidEach(`${at}.topologyKeys[${i}]`, key, qualifiedNameErrors(key));
    });
  });
}
