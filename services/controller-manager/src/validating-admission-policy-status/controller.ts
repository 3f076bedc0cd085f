import { CustomResourceDefinitions, type ResourceType, type ValidatingAdmissionPolicy } from "@flotilla/api";
import { typeCheck } from "@flotilla/kube-cel";
import { type ControllerContext, startReconciler } from "../context.ts";
import { kindsOf } from "./kinds.ts";

const POLICIES: ResourceType<ValidatingAdmissionPolicy> = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  resource: "validatingadmissionpolicies",
  kind: "ValidatingAdmissionPolicy",
  namespaced: false,
};
const MANAGER = "validatingadmissionpolicy-status-controller";

/**
 * Writes into each policy's status what its expressions get wrong about the kinds that they look at, once for each
 * generation (KEP-3488). The policy works, or does not, all the same.
 */
export function startPolicyStatusController(context: ControllerContext): void {
  const { client, informers } = context;
  const policies = informers.informer(POLICIES);
  const definitions = informers.informer(CustomResourceDefinitions);
  const kinds = kindsOf(() => definitions.lister.list());
  const controller = startReconciler(context, [policies, definitions], {
    name: "validatingadmissionpolicy-status",
    workers: 5,
    reconcile: async (name) => {
      const policy = policies.lister.get(name);
      const generation = policy?.metadata.generation ?? 0;
      if (!policy || generation <= (policy.status?.observedGeneration ?? 0)) return;
      const expressionWarnings = typeCheck(policy, kinds);
      const typeChecking = expressionWarnings.length > 0 ? { expressionWarnings } : {};
      const status = { ...policy.status, observedGeneration: generation, typeChecking };
      await client.updateStatus(POLICIES, { ...policy, status }, { fieldManager: MANAGER });
    },
  });
  const enqueue = ({ metadata }: ValidatingAdmissionPolicy) => controller.queue.add(metadata.name!);
  policies.subscribe({ add: enqueue, update: enqueue });
}
