import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import { formatTime } from "../../duration.ts";
import type { FieldErrors } from "../../field-error.ts";
import { dns1035LabelErrors, dns1123SubdomainErrors, pathSegmentErrors } from "../../names.ts";
import { findCondition } from "../../pod.ts";
import type { APIService } from "../../types.ts";
import { validateServicePort } from "../../validation/webhook-client.ts";

const GROUP_PRIORITY_MAX = 20_000;
const VERSION_PRIORITY_MAX = 1000;

export const apiServices = defineResource<APIService>({
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  resource: "apiservices",
  schema: "apiregistration/v1.APIService",
  namespaced: false,
  categories: ["api-extensions"],
  subresources: [statusSubresource("APIService")],
  table: [
    nameColumn(),
    column("Service", ({ spec }) => (spec?.service ? `${spec.service.namespace ?? ""}/${spec.service.name ?? ""}` : "Local")),
    column("Available", available),
    ageColumn(),
  ],
  defaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
  strategy: {
    allowUnconditionalUpdate: false,
    nameErrors: (name) => pathSegmentErrors(name),
    prepareForCreate(service, { now_ms }) {
      service.status = service.spec?.service ? {} : { conditions: [alwaysAvailable(now_ms)] };
    },
    validate: validateApiService,
  },
});

/** Groups that the API server serves itself. */
const alwaysAvailable = (now_ms: number) => ({
  type: "Available",
  status: "True",
  lastTransitionTime: formatTime(now_ms),
  reason: "Local",
  message: "Local APIServices are always available",
});

function available({ status }: APIService): string {
  const condition = findCondition(status?.conditions, "Available");
  if (!condition) return "Unknown";
  return condition.status === "True" ? "True" : `${condition.status} (${condition.reason ?? ""})`;
}

function validateApiService(service: APIService, errors: FieldErrors): void {
  const spec: Partial<NonNullable<APIService["spec"]>> = service.spec ?? {};
  const { group = "", version = "", groupPriorityMinimum = 0, versionPriority = 0, caBundle = "" } = spec;
  const name = `${version}.${group}`;
  if (service.metadata.name && service.metadata.name !== name) {
    errors.invalid("metadata.name", service.metadata.name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`);
  }
  if (group === "" && version !== "v1") errors.required("spec.group", "only v1 may have an empty group and it better be legacy kube");
  if (group !== "") errors.invalidEach("spec.group", group, dns1123SubdomainErrors(group));
  errors.invalidEach("spec.version", version, dns1035LabelErrors(version));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > GROUP_PRIORITY_MAX) {
    errors.invalid("spec.groupPriorityMinimum", groupPriorityMinimum, `must be positive and less than ${GROUP_PRIORITY_MAX}`);
  }
  if (versionPriority <= 0 || versionPriority > VERSION_PRIORITY_MAX) {
    errors.invalid("spec.versionPriority", versionPriority, `must be positive and less than ${VERSION_PRIORITY_MAX}`);
  }
  const insecure = spec.insecureSkipTLSVerify ?? false;
  if (!spec.service) {
    const bytes = `${Math.floor((caBundle.replace(/=+$/, "").length * 3) / 4)} bytes`;
    if (caBundle !== "") errors.invalid("spec.caBundle", bytes, "local APIServices may not have a caBundle");
    if (insecure) errors.invalid("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify");
    return;
  }
  if (!spec.service.namespace) errors.required("spec.service.namespace");
  if (!spec.service.name) errors.required("spec.service.name");
  validateServicePort(spec.service.port ?? 0, "spec.service.port", errors);
  if (insecure && caBundle !== "") errors.invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present");
}
