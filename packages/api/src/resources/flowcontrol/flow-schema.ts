import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import { findCondition } from "../../pod.ts";
import type { FlowSchema } from "../../types.ts";
import { validateFlowSchema } from "../../validation/flow-control.ts";
import { NONE } from "../pod-columns.ts";

const PRECEDENCE = 1000;

export const flowSchemas = defineResource<FlowSchema>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "FlowSchema",
  resource: "flowschemas",
  schema: "flowcontrol/v1.FlowSchema",
  namespaced: false,
  subresources: [statusSubresource("FlowSchema")],
  table: [
    nameColumn(),
    column("PriorityLevel", ({ spec }) => spec?.priorityLevelConfiguration?.name || NONE),
    column("MatchingPrecedence", ({ spec }) => spec?.matchingPrecedence ?? 0),
    column("DistinguisherMethod", ({ spec }) => spec?.distinguisherMethod?.type ?? NONE),
    ageColumn(),
    column(
      "MissingPL",
      ({ status }) => findCondition(status?.conditions as { type: string; status?: string }[] | undefined, "Dangling")?.status ?? "?",
    ),
  ],
  defaults({ spec }) {
    if (spec) spec.matchingPrecedence ||= PRECEDENCE;
  },
  strategy: { tracksGeneration: true, validate: validateFlowSchema },
});
