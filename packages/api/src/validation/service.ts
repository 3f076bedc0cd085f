/** Services (upstream: ValidateService). Addresses and node ports are allocated by the API server. */
import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { validateLabels } from "../meta/validate.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, portNumberErrors, qualifiedNameErrors } from "../names.ts";
import { isExternallyAccessible, isHeadless, needsHealthCheck, takesAddress } from "../service.ts";
import type { Service } from "../types.ts";
import { oneOf } from "./common.ts";
import { ipErrors, specialIpErrors } from "./ip.ts";
import { validatePort } from "./probe.ts";
import { validateAddresses, validateAddressesUpdate } from "./service-addresses.ts";
import { validateLoadBalancing } from "./service-load-balancer.ts";

export type ServiceSpec = NonNullable<Service["spec"]>;
type ServicePort = NonNullable<ServiceSpec["ports"]>[number];

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const TRAFFIC_POLICIES = ["Cluster", "Local"];
const DISTRIBUTIONS = ["PreferClose"];
const AFFINITY_SECONDS_MAX = 86_400;
const KUBELET_PORT = 10250;

export function validateService(service: Service, errors: FieldErrors): void {
  const spec = service.spec ?? {};
  const ports = spec.ports ?? [];
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== "ExternalName") errors.required("spec.ports");
  validateByType(spec, errors);
  const names = new Set<string>();
  ports.forEach((port, index) => {
    validateServicePort(port, names, ports.length > 1, `spec.ports[${index}]`, errors);
  });
  validateLabels(spec.selector, "spec.selector", errors);
  validateAffinity(spec, errors);
  if (takesAddress(spec)) validateAddresses(spec, errors);
  (spec.externalIPs ?? []).forEach((ip, index) => {
    const problems = ipErrors(ip);
    errors.invalidEach(`spec.externalIPs[${index}]`, ip, problems.length > 0 ? problems : specialIpErrors(ip));
  });
  oneOf("spec.type", spec.type, TYPES, errors);
  if (spec.type === "ClusterIP") {
    ports.forEach(({ nodePort }, index) => {
      if (nodePort) errors.forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'");
    });
  }
  validateUnique(ports, errors);
  validateLoadBalancing(service, errors);
  validateTraffic(spec, errors);
}

function validateByType(spec: ServiceSpec, errors: FieldErrors): void {
  if (spec.type === "LoadBalancer") {
    (spec.ports ?? []).forEach(({ port }, index) => {
      if (port !== KUBELET_PORT) return;
      errors.invalid(`spec.ports[${index}]`, port, `may not expose port ${port} externally since it is used by kubelet`);
    });
  }
  if ((spec.type === "LoadBalancer" || spec.type === "NodePort") && isHeadless(spec)) {
    errors.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${spec.type} services`);
  }
  if (spec.type !== "ExternalName") return;
  if ((spec.clusterIPs ?? []).length > 0) errors.forbidden("spec.clusterIPs", "may not be set for ExternalName services");
  if ((spec.ipFamilies ?? []).length > 0) errors.forbidden("spec.ipFamilies", "may not be set for ExternalName services");
  if (spec.ipFamilyPolicy !== undefined) errors.forbidden("spec.ipFamilyPolicy", "may not be set for ExternalName services");
  // A name may end in a dot: it is fully qualified then.
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") errors.required("spec.externalName");
  else errors.invalidEach("spec.externalName", name, dns1123SubdomainErrors(name));
}

function validateServicePort(port: ServicePort, names: Set<string>, needsName: boolean, field: string, errors: FieldErrors): void {
  if (port.name) {
    errors.invalidEach(`${field}.name`, port.name, dns1123LabelErrors(port.name));
    if (names.has(port.name)) errors.duplicate(`${field}.name`, port.name);
    names.add(port.name);
  } else if (needsName) errors.required(`${field}.name`);
  errors.invalidEach(`${field}.port`, port.port ?? 0, portNumberErrors(port.port ?? 0));
  oneOf(`${field}.protocol`, port.protocol, PROTOCOLS, errors);
  validatePort(port.targetPort as number | string | undefined, `${field}.targetPort`, errors);
  const { appProtocol } = port;
  if (appProtocol !== undefined) errors.invalidEach(`${field}.appProtocol`, appProtocol, qualifiedNameErrors(appProtocol));
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec, errors: FieldErrors): void {
  const at = "spec.sessionAffinityConfig";
  const seconds = config?.clientIP?.timeoutSeconds;
  oneOf("spec.sessionAffinity", sessionAffinity, ["ClientIP", "None"], errors);
  if (sessionAffinity === "None" && config) errors.forbidden(at, "must not be set when session affinity is None");
  if (sessionAffinity !== "ClientIP") return;
  if (seconds === undefined) return errors.required(`${at}.clientIP.timeoutSeconds`, "when session affinity type is ClientIP");
  if (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX) return;
  errors.invalid(`${at}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`);
}

/** Each node port, and each port, once for its protocol. */
function validateUnique(ports: readonly ServicePort[], errors: FieldErrors): void {
  const nodePorts = new Set<string>();
  ports.forEach(({ protocol, nodePort }, index) => {
    if (!nodePort) return;
    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) errors.duplicate(`spec.ports[${index}].nodePort`, nodePort);
    nodePorts.add(key);
  });
  const numbers = new Set<string>();
  ports.forEach(({ protocol, port }, index) => {
    const key = `${protocol}/${port}`;
    if (numbers.has(key)) errors.duplicate(`spec.ports[${index}]`, { port, protocol });
    numbers.add(key);
  });
}

function validateTraffic(spec: ServiceSpec, errors: FieldErrors): void {
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal, trafficDistribution } = spec;
  if (isExternallyAccessible(spec)) oneOf("spec.externalTrafficPolicy", external, TRAFFIC_POLICIES, errors);
  else if (external) errors.invalid("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services");
  if (spec.healthCheckNodePort) {
    const field = "spec.healthCheckNodePort";
    const problem = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (!needsHealthCheck(spec)) errors.invalid(field, spec.healthCheckNodePort, problem);
    else errors.invalidEach(field, spec.healthCheckNodePort, portNumberErrors(spec.healthCheckNodePort));
  }
  if (internal === undefined) {
    if (takesAddress(spec)) errors.required("spec.internalTrafficPolicy");
  } else if (!TRAFFIC_POLICIES.includes(internal)) errors.notSupported("spec.internalTrafficPolicy", internal, TRAFFIC_POLICIES);
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution)) {
    errors.notSupported("spec.trafficDistribution", trafficDistribution, DISTRIBUTIONS);
  }
}

export function validateServiceUpdate(service: Service, old: Service, errors: FieldErrors): void {
  const [spec, before] = [service.spec ?? {}, old.spec ?? {}];
  validateAddressesUpdate(spec, before, errors);
  if (spec.type !== "LoadBalancer" || before.type !== "LoadBalancer") return;
  if (!jsonEqual(spec.loadBalancerClass, before.loadBalancerClass)) {
    errors.invalid("spec.loadBalancerClass", spec.loadBalancerClass, "may not change once set");
  }
}
