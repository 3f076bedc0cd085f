/** Ingresses and their classes (upstream: pkg/apis/networking/validation). */
import type { FieldErrors } from "../field-error.ts";
import {
  dns1035LabelErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  pathSegmentErrors,
  portNameErrors,
  portNumberErrors,
} from "../names.ts";
import type { Ingress, IngressClass } from "../types.ts";
import { validateDomainPath } from "./common.ts";
import { parseIp } from "./ip.ts";

type Spec = NonNullable<Ingress["spec"]>;
type Backend = NonNullable<Spec["defaultBackend"]>;
type Path = NonNullable<NonNullable<Spec["rules"]>[number]["http"]>["paths"][number];

export const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const BAD_SEQUENCES = ["//", "/./", "/../", "%2f", "%2F"];
const BAD_ENDS = ["/..", "/."];
const CONTROLLER_BYTES_MAX = 250;
const WILDCARD = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function validateIngress(ingress: Ingress, errors: FieldErrors): void {
  const spec: Spec = ingress.spec ?? {};
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  if (rules.length === 0 && !defaultBackend)
    errors.invalid("spec", spec.rules ?? null, "either `defaultBackend` or `rules` must be specified");
  if (defaultBackend) validateBackend(defaultBackend, "spec.defaultBackend", errors);
  rules.forEach((rule, index) => {
    const at = `spec.rules[${index}]`;
    if (rule.host) validateHost(rule.host, `${at}.host`, errors);
    if (!rule.http) return;
    if ((rule.http.paths ?? []).length === 0) errors.required(`${at}.http.paths`);
    (rule.http.paths ?? []).forEach((path, i) => {
      validatePath(path, `${at}.http.paths[${i}]`, errors);
    });
  });
  tls.forEach(({ hosts = [], secretName }, index) => {
    hosts.forEach((host, i) => {
      validateDnsHost(host, `spec.tls[${index}].hosts[${i}]`, errors);
    });
    if (secretName) errors.invalidEach(`spec.tls[${index}].secretName`, secretName, dns1123SubdomainErrors(secretName));
  });
  if (ingressClassName !== undefined)
    errors.invalidEach("spec.ingressClassName", ingressClassName, dns1123SubdomainErrors(ingressClassName));
}

/** On creation only: objects that have both keep them. */
export function validateIngressCreate(ingress: Ingress, errors: FieldErrors): void {
  const annotation = ingress.metadata.annotations?.[CLASS_ANNOTATION];
  if (annotation === undefined || ingress.spec?.ingressClassName === undefined) return;
  errors.invalid(`metadata.annotations[${CLASS_ANNOTATION}]`, annotation, "can not be set when the class field is also set");
}

function validateHost(host: string, field: string, errors: FieldErrors): void {
  if (parseIp(host)) errors.invalid(field, host, "must be a DNS name, not an IP address");
  validateDnsHost(host, field, errors);
}

function validateDnsHost(host: string, field: string, errors: FieldErrors): void {
  if (!host.includes("*")) return errors.invalidEach(field, host, dns1123SubdomainErrors(host));
  if (WILDCARD.test(host)) return;
  const text =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  const regex = "\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
  errors.invalid(field, host, `${text} (e.g. '*.example.com', regex used for validation is '${regex}')`);
}

function validatePath({ path = "", pathType, backend }: Path, field: string, errors: FieldErrors): void {
  if (!pathType) errors.required(`${field}.pathType`, "pathType must be specified");
  else if (!PATH_TYPES.includes(pathType)) errors.notSupported(`${field}.pathType`, pathType, PATH_TYPES);
  else if (pathType === "ImplementationSpecific") {
    if (path !== "" && !path.startsWith("/")) errors.invalid(`${field}.path`, path, "must be an absolute path");
  } else {
    if (!path.startsWith("/")) errors.invalid(`${field}.path`, path, "must be an absolute path");
    for (const part of BAD_SEQUENCES) if (path.includes(part)) errors.invalid(`${field}.path`, path, `must not contain '${part}'`);
    for (const end of BAD_ENDS) if (path.endsWith(end)) errors.invalid(`${field}.path`, path, `cannot end with '${end}'`);
  }
  validateBackend(backend ?? {}, `${field}.backend`, errors);
}

function validateBackend({ service, resource }: Backend, field: string, errors: FieldErrors): void {
  if (service && resource) errors.invalid(field, "", "cannot set both resource and service backends");
  else if (resource) {
    const { apiGroup, kind, name } = resource;
    if (apiGroup !== undefined) errors.invalidEach(`${field}.resource.apiGroup`, apiGroup, dns1123SubdomainErrors(apiGroup));
    if (!kind) errors.required(`${field}.resource.kind`, "kind is required");
    else errors.invalidEach(`${field}.resource.kind`, kind, pathSegmentErrors(kind));
    if (!name) errors.required(`${field}.resource.name`, "name is required");
    else errors.invalidEach(`${field}.resource.name`, name, pathSegmentErrors(name));
  } else if (service) validateService(service, field, errors);
  else errors.invalid(field, "", "resource or service backend is required");
}

function validateService({ name, port }: NonNullable<Backend["service"]>, field: string, errors: FieldErrors): void {
  if (!name) errors.required(`${field}.service.name`);
  else errors.invalidEach(`${field}.service.name`, name, dns1035LabelErrors(name));
  if (port?.name && port.number) errors.invalid(field, "", "cannot set both port name & port number");
  else if (port?.name) errors.invalidEach(`${field}.service.port.name`, port.name, portNameErrors(port.name));
  else if (port?.number) errors.invalidEach(`${field}.service.port.number`, port.number, portNumberErrors(port.number));
  else errors.required(field, "port name or number is required");
}

export function validateIngressClass({ spec }: IngressClass, errors: FieldErrors): void {
  const controller = spec?.controller ?? "";
  if (controller.length > CONTROLLER_BYTES_MAX) errors.tooLong("spec.controller", CONTROLLER_BYTES_MAX);
  validateDomainPath(controller, "spec.controller", errors);
  const { parameters } = spec ?? {};
  if (!parameters) return;
  const at = "spec.parameters";
  const { apiGroup, kind, name, scope, namespace } = parameters;
  if (apiGroup !== undefined) errors.invalidEach(`${at}.apiGroup`, apiGroup, dns1123SubdomainErrors(apiGroup));
  if (!kind) errors.required(`${at}.kind`, "kind is required");
  else errors.invalidEach(`${at}.kind`, kind, pathSegmentErrors(kind));
  if (!name) errors.required(`${at}.name`, "name is required");
  else errors.invalidEach(`${at}.name`, name, pathSegmentErrors(name));
  if (scope === undefined) errors.required(`${at}.scope`);
  else if (scope !== "Cluster" && scope !== "Namespace") errors.notSupported(`${at}.scope`, scope, ["Cluster", "Namespace"]);
  else if (scope === "Cluster") {
    if (namespace !== undefined) errors.forbidden(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'");
  } else if (namespace === undefined) errors.required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'");
  else errors.invalidEach(`${at}.namespace`, namespace, dns1123LabelErrors(namespace));
}
