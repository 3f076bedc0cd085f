/** What a pod's /etc/hosts and /etc/resolv.conf are told. */
import type { FieldErrors } from "../field-error.ts";
import { dns1123SubdomainErrors } from "../names.ts";
import type { PodSpec } from "../types.ts";
import { ipErrors } from "./ip.ts";

const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCHES_LENGTH_MAX = 2048;

export function validateDns({ dnsPolicy, dnsConfig }: PodSpec, field: string, errors: FieldErrors): void {
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  if (dnsPolicy === "None") {
    if (!dnsConfig) return errors.required(field, "must provide `dnsConfig` when `dnsPolicy` is None");
    if (nameservers.length === 0)
      return errors.required(`${field}.nameservers`, "must provide at least one DNS nameserver when `dnsPolicy` is None");
  }
  if (nameservers.length > NAMESERVERS_MAX)
    errors.invalid(`${field}.nameservers`, nameservers, `must not have more than ${NAMESERVERS_MAX} nameservers`);
  nameservers.forEach((server, index) => {
    errors.invalidEach(`${field}.nameservers[${index}]`, server, ipErrors(server));
  });
  if (searches.length > SEARCHES_MAX) errors.invalid(`${field}.searches`, searches, `must not have more than ${SEARCHES_MAX} search paths`);
  if (searches.join(" ").length > SEARCHES_LENGTH_MAX) {
    const problem = `must not have more than ${SEARCHES_LENGTH_MAX} characters (including spaces) in the search list`;
    errors.invalid(`${field}.searches`, searches, problem);
  }
  searches.forEach((search, index) => {
    const domain = search.replace(/\.$/, "");
    // Since 1.33 a search path may be the root, and hold underscores (KEP-4427).
    if (search !== ".") errors.invalidEach(`${field}.searches[${index}]`, domain, dns1123SubdomainErrors(domain.replaceAll("_", "x")));
  });
  options.forEach(({ name }, index) => {
    if (!name) errors.required(`${field}.options[${index}]`, "must not be empty");
  });
}

export function validateHostAliases(aliases: PodSpec["hostAliases"], field: string, errors: FieldErrors): void {
  (aliases ?? []).forEach(({ ip = "", hostnames = [] }, index) => {
    errors.invalidEach(`${field}[${index}].ip`, ip, ipErrors(ip));
    hostnames.forEach((name, at) => {
      errors.invalidEach(`${field}[${index}].hostnames[${at}]`, name, dns1123SubdomainErrors(name));
    });
  });
}
