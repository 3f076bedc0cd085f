import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { labelValueErrors, qualifiedNameErrors } from "../names.ts";
import type { Node } from "../types.ts";
import { oneOf } from "./common.ts";
import { INVALID_CIDR, parseCidr } from "./ip.ts";

type Taint = NonNullable<NonNullable<Node["spec"]>["taints"]>[number];

const EFFECTS = ["NoExecute", "NoSchedule", "PreferNoSchedule"];

export function validateNode(node: Node, errors: FieldErrors): void {
  // Upstream looks for taints in the metadata, where they once were.
  validateTaints(node.spec?.taints ?? [], "metadata.taints", errors);
  const cidrs = node.spec?.podCIDRs ?? [];
  cidrs.forEach((cidr, index) => {
    if (!parseCidr(cidr)) errors.invalid(`spec.podCIDRs[${index}]`, cidr, INVALID_CIDR);
  });
  const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.bits));
  if (cidrs.length > 1 && (cidrs.length > 2 || families.size < cidrs.length)) {
    errors.invalid("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family");
  }
}

function validateTaints(taints: readonly Taint[], field: string, errors: FieldErrors): void {
  const seen = new Set<string>();
  taints.forEach((taint, index) => {
    const at = `${field}[${index}]`;
    const { key = "", value = "", effect = "" } = taint;
    errors.invalidEach(`${at}.key`, key, qualifiedNameErrors(key));
    const problems = labelValueErrors(value);
    if (problems.length > 0) errors.invalid(`${at}.value`, value, problems.join(";"));
    oneOf(`${at}.effect`, effect, EFFECTS, errors);
    if (seen.has(`${effect}/${key}`)) errors.duplicate(at, taint);
    seen.add(`${effect}/${key}`);
  });
}

const OTHER_FIELDS = "node updates may only change labels, taints, or capacity";

export function validateNodeUpdate(node: Node, old: Node, errors: FieldErrors): void {
  const [spec, before] = [node.spec ?? {}, old.spec ?? {}];
  if (before.podCIDR && spec.podCIDR !== before.podCIDR) {
    errors.forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid');
  }
  if (before.providerID && spec.providerID !== before.providerID) {
    errors.forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid');
  }
  const { taints: _, unschedulable: __, podCIDR: ___, podCIDRs: ____, providerID: _____, configSource: ______, ...rest } = spec;
  for (const name of Object.keys(rest) as (keyof typeof rest)[]) {
    if (!jsonEqual(spec[name], before[name])) return errors.forbidden("[]", OTHER_FIELDS);
  }
}

/** Who writes podCIDR alone means the first of podCIDRs. */
export function syncPodCidrs({ spec }: Node): void {
  if (!spec?.podCIDR) return;
  const [, ...others] = spec.podCIDRs ?? [];
  spec.podCIDRs = [spec.podCIDR, ...others];
}
