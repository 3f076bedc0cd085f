import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { Lease } from "../../types.ts";

export const leases = defineResource<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  resource: "leases",
  schema: "coordination/v1.Lease",
  table: [nameColumn(), column("Holder", (lease) => lease.spec?.holderIdentity ?? ""), ageColumn()],
  strategy: {
    allowCreateOnUpdate: true,
    validate({ spec = {} }, errors) {
      const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec;
      if (duration !== undefined && duration <= 0) errors.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0");
      if (transitions !== undefined && transitions < 0)
        errors.invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0");
    },
  },
});
