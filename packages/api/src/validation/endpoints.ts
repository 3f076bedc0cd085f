/** Endpoints and EndpointSlices: where a service's traffic goes, so never to a node itself. */
import type { FieldErrors } from "../field-error.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, portNumberErrors, qualifiedNameErrors } from "../names.ts";
import type { EndpointSlice, Endpoints } from "../types.ts";
import { oneOf } from "./common.ts";
import { ipErrors, parseIp, specialIpErrors } from "./ip.ts";

type Subset = NonNullable<Endpoints["subsets"]>[number];
type Address = NonNullable<Subset["addresses"]>[number];
type Port = NonNullable<Subset["ports"]>[number];
type Endpoint = NonNullable<EndpointSlice["endpoints"]>[number];

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const ENDPOINTS_MAX = 1000;
const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;

export function validateEndpoints({ subsets = [] }: Endpoints, errors: FieldErrors): void {
  subsets.forEach(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
    const at = `subsets[${index}]`;
    if (addresses.length === 0 && notReadyAddresses.length === 0) errors.required(at, "must specify `addresses` or `notReadyAddresses`");
    for (const [name, list] of Object.entries({ addresses, notReadyAddresses })) {
      list.forEach((address, i) => {
        validateAddress(address, `${at}.${name}[${i}]`, errors);
      });
    }
    ports.forEach((port, i) => {
      validatePort(port, ports.length > 1, `${at}.ports[${i}]`, errors);
    });
  });
}

function validateAddress({ ip = "", hostname, nodeName }: Partial<Address>, field: string, errors: FieldErrors): void {
  errors.invalidEach(`${field}.ip`, ip, ipErrors(ip));
  if (hostname) errors.invalidEach(`${field}.hostname`, hostname, dns1123LabelErrors(hostname));
  if (nodeName !== undefined) errors.invalidEach(`${field}.nodeName`, nodeName, dns1123SubdomainErrors(nodeName));
  if (parseIp(ip)) errors.invalidEach(`${field}.ip`, ip, specialIpErrors(ip));
}

function validatePort(
  { name, port = 0, protocol, appProtocol }: Partial<Port>,
  needsName: boolean,
  field: string,
  errors: FieldErrors,
): void {
  if (name) errors.invalidEach(`${field}.name`, name, dns1123LabelErrors(name));
  else if (needsName) errors.required(`${field}.name`);
  errors.invalidEach(`${field}.port`, port, portNumberErrors(port));
  oneOf(`${field}.protocol`, protocol, PROTOCOLS, errors);
  if (appProtocol !== undefined) errors.invalidEach(`${field}.appProtocol`, appProtocol, qualifiedNameErrors(appProtocol));
}

export function validateEndpointSlice(slice: EndpointSlice, errors: FieldErrors): void {
  const { endpoints = [], ports = [], addressType } = slice;
  oneOf("addressType", addressType, ["FQDN", "IPv4", "IPv6"], errors);
  if (endpoints.length > ENDPOINTS_MAX) errors.tooMany("endpoints", endpoints.length, ENDPOINTS_MAX);
  else {
    endpoints.forEach((endpoint, index) => {
      validateEndpoint(endpoint, addressType, `endpoints[${index}]`, errors);
    });
  }
  if (ports.length > PORTS_MAX) return errors.tooMany("ports", ports.length, PORTS_MAX);
  const names = new Set<string>();
  ports.forEach(({ name = "", protocol, port, appProtocol }, index) => {
    const at = `ports[${index}]`;
    if (name !== "") errors.invalidEach(`${at}.name`, name, dns1123LabelErrors(name));
    if (names.has(name)) errors.duplicate(`${at}.name`, name);
    names.add(name);
    if (port !== undefined) errors.invalidEach(`${at}.port`, port, portNumberErrors(port));
    if (!PROTOCOLS.includes(protocol ?? "")) errors.notSupported(`${at}.protocol`, protocol ?? "", PROTOCOLS);
    if (appProtocol !== undefined) errors.invalidEach(`${at}.appProtocol`, appProtocol, qualifiedNameErrors(appProtocol));
  });
}

function validateEndpoint(endpoint: Endpoint, type: string, field: string, errors: FieldErrors): void {
  const { addresses = [], nodeName, hostname } = endpoint;
  if (addresses.length === 0) errors.required(`${field}.addresses`, "must contain at least 1 address");
  if (addresses.length > ADDRESSES_MAX) errors.tooMany(`${field}.addresses`, addresses.length, ADDRESSES_MAX);
  addresses.forEach((address, index) => {
    errors.invalidEach(`${field}.addresses[${index}]`, address, addressErrors(address, type));
  });
  if (nodeName !== undefined) errors.invalidEach(`${field}.nodeName`, nodeName, dns1123SubdomainErrors(nodeName));
  if (hostname !== undefined) errors.invalidEach(`${field}.hostname`, hostname, dns1123LabelErrors(hostname));
}

/** Of the slice's type: what type that is, nobody checks twice. */
function addressErrors(address: string, type: string): string[] {
  if (type === "IPv4" && parseIp(address)?.bits !== 32) return ["must be a valid IPv4 address"];
  if (type === "IPv6" && parseIp(address)?.bits !== 128) return ["must be a valid IPv6 address"];
  if (type === "IPv4" || type === "IPv6") return specialIpErrors(address);
  if (type !== "FQDN") return [];
  if (address === "") return ["must not be empty"];
  const name = address.replace(/\.$/, "");
  const problems = dns1123SubdomainErrors(name);
  return problems.length === 0 && !name.includes(".") ? ["should be a domain with at least two segments separated by dots"] : problems;
}
