import { createdColumn, defineResource, nameColumn } from "../../define.ts";
import type { LimitRange } from "../../types.ts";
import { validateLimitRange } from "../../validation/limit-range.ts";

export const limitRanges = defineResource<LimitRange>({
  group: "",
  version: "v1",
  kind: "LimitRange",
  resource: "limitranges",
  schema: "core/v1.LimitRange",
  shortNames: ["limits"],
  table: [nameColumn(), createdColumn()],
  defaults(range) {
    for (const limit of range.spec?.limits ?? []) {
      if (limit.type !== "Container") continue;
      // A default limit comes from the maximum; a default request from the default limit, else from the minimum.
      const limits = { ...limit.max, ...limit.default };
      const requests = { ...limit.min, ...limits, ...limit.defaultRequest };
      if (Object.keys(limits).length > 0) limit.default = limits;
      if (Object.keys(requests).length > 0) limit.defaultRequest = requests;
    }
  },
  strategy: { validate: validateLimitRange },
});
