import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import type { PriorityLevelConfiguration } from "../../types.ts";
import { validatePriorityLevel } from "../../validation/flow-control.ts";
import { NONE } from "../pod-columns.ts";

const queuing = ({ spec }: PriorityLevelConfiguration) => spec?.limited?.limitResponse?.queuing;

export const priorityLevelConfigurations = defineResource<PriorityLevelConfiguration>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "PriorityLevelConfiguration",
  resource: "prioritylevelconfigurations",
  schema: "flowcontrol/v1.PriorityLevelConfiguration",
  namespaced: false,
  subresources: [statusSubresource("PriorityLevelConfiguration")],
  table: [
    nameColumn(),
    column("Type", ({ spec }) => spec?.type ?? ""),
    column("NominalConcurrencyShares", ({ spec }) => (spec?.limited ?? spec?.exempt)?.nominalConcurrencyShares ?? NONE),
    column("Queues", (level) => queuing(level)?.queues ?? NONE),
    column("HandSize", (level) => queuing(level)?.handSize ?? NONE),
    column("QueueLengthLimit", (level) => queuing(level)?.queueLengthLimit ?? NONE),
    ageColumn(),
  ],
  defaults({ spec }) {
    if (spec?.type === "Limited") {
      const limited = (spec.limited ??= {});
      limited.nominalConcurrencyShares ??= 30;
      limited.lendablePercent ??= 0;
      if (limited.limitResponse?.type === "Queue") {
        const queue = (limited.limitResponse.queuing ??= {});
        queue.queues ||= 64;
        queue.handSize ||= 8;
        queue.queueLengthLimit ||= 50;
      }
    }
    if (spec?.type === "Exempt") {
      const exempt = (spec.exempt ??= {});
      exempt.nominalConcurrencyShares ??= 0;
      exempt.lendablePercent ??= 0;
    }
  },
  strategy: { tracksGeneration: true, validate: validatePriorityLevel },
});
