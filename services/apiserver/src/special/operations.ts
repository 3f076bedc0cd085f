import { connecting } from "../admission/subresource.ts";
import type { Authenticator } from "../authn/authenticator.ts";
import type { ServiceAccountTokens } from "../authn/service-account.ts";
import type { Authorizer } from "../authz/authorizer.ts";
import { proxyOperations } from "../proxy/operation.ts";
import type { Operation, SpecialOperations } from "../registry/dispatch.ts";
import { scale } from "../registry/scale.ts";
import { execOperation } from "../streams/exec-operation.ts";
import type { KubeletClient } from "../streams/kubelet-client.ts";
import { logs } from "../streams/logs.ts";
import { portForwardOperation } from "../streams/port-forward.ts";
import type { UsageCollector } from "../usage/collector.ts";
import { usageOperations } from "../usage/operations.ts";
import { bindPod } from "./binding.ts";
import { type Component, componentStatusOperations } from "./component-status.ts";
import { evictPod } from "./eviction.ts";
import { reviews } from "./reviews.ts";
import { tokenRequest } from "./token.ts";

export interface SpecialPorts {
  authorizer: Authorizer;
  authenticator: Authenticator;
  tokens: ServiceAccountTokens;
  kubelets: KubeletClient;
  usage: UsageCollector;
  /** What componentstatuses shows. */
  components: readonly Component[];
  maxExpiration_seconds: number;
}

/** Everything that no generic operation does, in one list. */
export function specialOperations(ports: SpecialPorts): SpecialOperations {
  const bindByBody: Operation = (kernel, call) => bindPod(kernel, call, kernel.definitions.find("", "v1", "pods")!);
  return new Map<string, Operation>([
    ["*/scale", scale],
    ["/pods/binding", bindPod],
    ["/bindings:create", bindByBody],
    ["/pods/eviction", evictPod],
    ["/pods/log", logs(ports.kubelets)],
    ["/pods/exec", connecting("PodExecOptions", execOperation(ports.kubelets))],
    ["/pods/attach", connecting("PodAttachOptions", execOperation(ports.kubelets))],
    ["/pods/portforward", connecting("PodPortForwardOptions", portForwardOperation(ports.kubelets))],
    ["/serviceaccounts/token", tokenRequest(ports.tokens, ports.maxExpiration_seconds)],
    ...reviews(ports.authorizer, ports.authenticator),
    ...usageOperations(ports.usage),
    ...componentStatusOperations(ports.components),
    ...proxyOperations(ports.kubelets),
  ]);
}
