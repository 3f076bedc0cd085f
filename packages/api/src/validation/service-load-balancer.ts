/** What Services of type LoadBalancer alone have. */
import type { FieldErrors } from "../field-error.ts";
import { dns1123SubdomainErrors, qualifiedNameErrors } from "../names.ts";
import type { Service } from "../types.ts";
import { cidrErrors, INVALID_IP, parseIp } from "./ip.ts";

const ONLY_HERE = "may only be used when `type` is 'LoadBalancer'";
const SOURCE_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges";

export function validateLoadBalancing(service: Service, errors: FieldErrors): void {
  const spec = service.spec ?? {};
  const balanced = spec.type === "LoadBalancer";
  validateSourceRanges(service, balanced, errors);
  const { allocateLoadBalancerNodePorts: allocate, loadBalancerClass } = spec;
  if (allocate !== undefined && !balanced) errors.forbidden("spec.allocateLoadBalancerNodePorts", ONLY_HERE);
  if (allocate === undefined && balanced) errors.required("allocateLoadBalancerNodePorts");
  if (loadBalancerClass === undefined) return;
  if (!balanced) errors.forbidden("spec.loadBalancerClass", ONLY_HERE);
  else errors.invalidEach("spec.loadBalancerClass", loadBalancerClass, qualifiedNameErrors(loadBalancerClass));
}

/** The field goes before the annotation that it replaced; blanks around a range are let pass. */
function validateSourceRanges({ metadata, spec }: Service, balanced: boolean, errors: FieldErrors): void {
  const ranges = spec?.loadBalancerSourceRanges ?? [];
  const annotation = metadata.annotations?.[SOURCE_RANGES_ANNOTATION];
  if (ranges.length > 0) {
    if (!balanced) errors.forbidden("spec.LoadBalancerSourceRanges", ONLY_HERE);
    ranges.forEach((range, index) => {
      errors.invalidEach(`spec.LoadBalancerSourceRanges[${index}]`, range.trim(), cidrErrors(range.trim()));
    });
  } else if (annotation !== undefined) {
    const field = `metadata.annotations[${SOURCE_RANGES_ANNOTATION}]`;
    if (!balanced) errors.forbidden(field, ONLY_HERE);
    const bad = annotation.trim() !== "" && annotation.split(",").some((range) => cidrErrors(range.trim()).length > 0);
    if (bad) errors.invalid(field, annotation, "must be a comma separated list of CIDRs e.g. 192.168.0.0/16,10.0.0.0/8");
  }
}

export function validateServiceStatus({ spec, status }: Service, _old: Service, errors: FieldErrors): void {
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && spec?.type !== "LoadBalancer") {
    return errors.forbidden("status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'");
  }
  ingress.forEach(({ ip, ipMode, hostname }, index) => {
    const at = `status.loadBalancer.ingress[${index}]`;
    validateIngressAddress(ip, ipMode, at, errors);
    if (hostname) validateIngressHost(hostname, `${at}.hostname`, errors);
  });
}

function validateIngressAddress(ip: string | undefined, mode: string | undefined, field: string, errors: FieldErrors): void {
  if (ip && !parseIp(ip)) errors.invalid(`${field}.ip`, ip, INVALID_IP);
  if (ip && mode === undefined) errors.required(`${field}.ipMode`, "must be specified when `ip` is set");
  if (!ip && mode !== undefined) errors.forbidden(`${field}.ipMode`, "may not be specified when `ip` is not set");
  if (mode !== undefined && mode !== "VIP" && mode !== "Proxy") errors.notSupported(`${field}.ipMode`, mode, ["Proxy", "VIP"]);
}

/** Ingresses' status has the same rule. */
export function validateIngressHost(hostname: string, field: string, errors: FieldErrors): void {
  errors.invalidEach(field, hostname, dns1123SubdomainErrors(hostname));
  if (parseIp(hostname)) errors.invalid(field, hostname, "must be a DNS name, not an IP address");
}
