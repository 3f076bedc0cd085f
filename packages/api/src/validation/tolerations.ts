import type { FieldErrors } from "../field-error.ts";
import { labelValueErrors, qualifiedNameErrors } from "../names.ts";
import type { PodSpec } from "../types.ts";

type Toleration = NonNullable<PodSpec["tolerations"]>[number];

const EFFECTS = ["NoExecute", "NoSchedule", "PreferNoSchedule"];
const KEYLESS = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';

/** Of pods, and of RuntimeClasses. */
export function validateTolerations(tolerations: readonly Toleration[], field: string, errors: FieldErrors): void {
  tolerations.forEach((toleration, index) => {
    const at = `${field}[${index}]`;
    const { key, operator = "", effect = "", value = "" } = toleration;
    if (key) errors.invalidEach(`${at}.key`, key, qualifiedNameErrors(key));
    else if (operator !== "Exists") errors.invalid(`${at}.operator`, operator, KEYLESS);
    if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute") {
      errors.invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    if (operator === "" || operator === "Equal") {
      const problems = labelValueErrors(value);
      if (problems.length > 0) errors.invalid(`${at}.operator`, value, problems.join(";"));
    } else if (operator === "Exists") {
      if (value) errors.invalid(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'");
    } else errors.notSupported(`${at}.operator`, operator, ["Equal", "Exists"]);
    if (effect !== "" && !EFFECTS.includes(effect)) errors.notSupported(`${at}.effect`, effect, EFFECTS);
  });
}
