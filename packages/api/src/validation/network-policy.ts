/** NetworkPolicies (upstream: ValidateNetworkPolicy). */
import type { FieldErrors } from "../field-error.ts";
import { portNameErrors, portNumberErrors } from "../names.ts";
import type { NetworkPolicy } from "../types.ts";
import { optionalOneOf, validateLabelSelector } from "./common.ts";
import { isStrictSubset, parseCidr } from "./ip.ts";

type Spec = NonNullable<NetworkPolicy["spec"]>;
type Port = NonNullable<NonNullable<Spec["egress"]>[number]["ports"]>[number];
type Peer = NonNullable<NonNullable<Spec["egress"]>[number]["to"]>[number];

const TYPES = ["Egress", "Ingress"];
const CIDR_TEXT = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

export function validateNetworkPolicy({ spec }: NetworkPolicy, errors: FieldErrors): void {
  validateLabelSelector(spec?.podSelector, "spec.podSelector", errors);
  (spec?.ingress ?? []).forEach((rule, index) => {
    validateRule(rule.ports, rule.from, `spec.ingress[${index}]`, "from", errors);
  });
  (spec?.egress ?? []).forEach((rule, index) => {
    validateRule(rule.ports, rule.to, `spec.egress[${index}]`, "to", errors);
  });
  const types = spec?.policyTypes ?? [];
  if (types.length > TYPES.length) return errors.invalid("spec.policyTypes", types, "may not specify more than two policyTypes");
  types.forEach((type, index) => {
    if (!TYPES.includes(type)) errors.notSupported(`spec.policyTypes[${index}]`, type, TYPES);
  });
}

function validateRule(ports: Port[] | undefined, peers: Peer[] | undefined, field: string, list: string, errors: FieldErrors): void {
  (ports ?? []).forEach((port, index) => {
    validatePort(port, `${field}.ports[${index}]`, errors);
  });
  (peers ?? []).forEach((peer, index) => {
    validatePeer(peer, `${field}.${list}[${index}]`, errors);
  });
}

function validatePort({ protocol, port, endPort }: Port, field: string, errors: FieldErrors): void {
  optionalOneOf(`${field}.protocol`, protocol, ["SCTP", "TCP", "UDP"], errors);
  const at = `${field}.endPort`;
  if (typeof port === "number") {
    errors.invalidEach(`${field}.port`, port, portNumberErrors(port));
    if (endPort === undefined) return;
    if (endPort < port) errors.invalid(at, port, "must be greater than or equal to `port`");
    errors.invalidEach(at, endPort, portNumberErrors(endPort));
  } else if (typeof port === "string") {
    if (endPort !== undefined) errors.invalid(at, endPort, "may not be specified when `port` is non-numeric");
    errors.invalidEach(`${field}.port`, port, portNameErrors(port));
  } else if (endPort !== undefined) errors.invalid(at, endPort, "may not be specified when `port` is not specified");
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: Peer, field: string, errors: FieldErrors): void {
  validateLabelSelector(podSelector, `${field}.podSelector`, errors);
  validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`, errors);
  if (ipBlock) validateBlock(ipBlock, `${field}.ipBlock`, errors);
  const count = [podSelector, namespaceSelector, ipBlock].filter((part) => part !== undefined).length;
  if (count === 0) errors.required(field, "must specify a peer");
  else if (count > 1 && ipBlock) errors.forbidden(field, "may not specify both ipBlock and another peer");
}

function validateBlock({ cidr, except = [] }: NonNullable<Peer["ipBlock"]>, field: string, errors: FieldErrors): void {
  if (!cidr) return errors.required(`${field}.cidr`);
  const whole = parseCidr(cidr);
  if (!whole) return errors.invalid(`${field}.cidr`, cidr, CIDR_TEXT);
  except.forEach((text, index) => {
    const part = parseCidr(text);
    if (!part) errors.invalid(`${field}.except[${index}]`, text, CIDR_TEXT);
    else if (!isStrictSubset(part, whole)) errors.invalid(`${field}.except[${index}]`, text, "must be a strict subset of `cidr`");
  });
}
