/** Services (upstream: ValidateService). Addresses and node ports are allocated by the API server. */
import type { FieldErrors } from "../field-error.ts";
import { validateLabels } from "../meta/validate.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, portNameErrors, portNumberErrors } from "../names.ts";
import type { Service } from "../types.ts";
import { oneOf, optionalOneOf } from "./common.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const TRAFFIC_POLICIES = ["Cluster", "Local"];
const AFFINITY_SECONDS_MAX = 86_400;
const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

export function validateService(service: Service, errors: FieldErrors): void {
  const spec = service.spec ?? {};
  const ports = spec.ports ?? [];
  const headless = spec.clusterIP === "None";
  oneOf("spec.type", spec.type, TYPES, errors);
  if (ports.length === 0 && !headless && spec.type !== "ExternalName") errors.required("spec.ports");
  if (spec.type === "ExternalName") {
    if (!spec.externalName) errors.required("spec.externalName");
    else errors.invalidEach("spec.externalName", spec.externalName, dns1123SubdomainErrors(spec.externalName.replace(/\.$/, "")));
    if (spec.clusterIP) errors.forbidden("spec.clusterIPs", "may not be set when `type` is 'ExternalName'");
  }
  if (headless && (spec.type === "NodePort" || spec.type === "LoadBalancer")) {
    errors.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${spec.type} services`);
  }
  if (spec.clusterIP && !headless && !IPV4.test(spec.clusterIP)) {
    errors.invalid("spec.clusterIPs[0]", spec.clusterIP, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  }
  validateLabels(spec.selector, "spec.selector", errors);
  oneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"], errors);
  const affinity_seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (affinity_seconds !== undefined && (affinity_seconds <= 0 || affinity_seconds > AFFINITY_SECONDS_MAX)) {
    errors.invalid(
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
      affinity_seconds,
      `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`,
    );
  }
  optionalOneOf("spec.internalTrafficPolicy", spec.internalTrafficPolicy, TRAFFIC_POLICIES, errors);
  optionalOneOf("spec.externalTrafficPolicy", spec.externalTrafficPolicy, TRAFFIC_POLICIES, errors);
  validatePorts(ports, spec.type ?? "", errors);
}

function validatePorts(ports: NonNullable<NonNullable<Service["spec"]>["ports"]>, type: string, errors: FieldErrors): void {
  const names = new Set<string>();
  const numbers = new Set<string>();
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`;
    if (!port.name) {
      if (ports.length > 1) errors.required(`${at}.name`);
    } else {
      errors.invalidEach(`${at}.name`, port.name, dns1123LabelErrors(port.name));
      if (names.has(port.name)) errors.duplicate(`${at}.name`, port.name);
      names.add(port.name);
    }
    errors.invalidEach(`${at}.port`, port.port, portNumberErrors(port.port));
    oneOf(`${at}.protocol`, port.protocol, PROTOCOLS, errors);
    if (typeof port.targetPort === "string") errors.invalidEach(`${at}.targetPort`, port.targetPort, portNameErrors(port.targetPort));
    else if (port.targetPort !== undefined)
      errors.invalidEach(`${at}.targetPort`, port.targetPort, portNumberErrors(port.targetPort as number));
    if (port.nodePort && (type === "ClusterIP" || type === "ExternalName")) {
      errors.forbidden(`${at}.nodePort`, `may not be used when \`type\` is '${type}'`);
    }
    const key = `${port.protocol}/${port.port}`;
    if (numbers.has(key)) errors.duplicate(at, port);
    numbers.add(key);
  });
}

export function validateServiceUpdate(service: Service, old: Service, errors: FieldErrors): void {
  const [spec, before] = [service.spec ?? {}, old.spec ?? {}];
  if (before.type === "ExternalName" || spec.type === "ExternalName" || !before.clusterIP) return;
  if (spec.clusterIP !== before.clusterIP)
    errors.invalid("spec.clusterIPs[0]", spec.clusterIPs ?? [spec.clusterIP], "may not change once set");
}
