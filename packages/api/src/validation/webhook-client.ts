/** Where webhooks are called (upstream: apiserver/pkg/util/webhook/validation.go): shared by admission and CRD conversion. */
import type { FieldErrors } from "../field-error.ts";
import { dns1123SubdomainErrors, portNumberErrors } from "../names.ts";

export interface WebhookClient {
  url?: string;
  service?: { name?: string; namespace?: string; path?: string; port?: number };
}

const HTTPS_PORT = 443;
const URL_FORM = "; desired format: https://host[/path]";

export function defaultWebhookClient(client: WebhookClient | undefined): void {
  if (client?.service) client.service.port ??= HTTPS_PORT;
}

export function validateWebhookClient(client: WebhookClient | undefined, field: string, errors: FieldErrors): void {
  const { url, service } = client ?? {};
  if ((url === undefined) === (service === undefined)) errors.required(field, "exactly one of url or service is required");
  else if (url !== undefined) validateUrl(url, `${field}.url`, errors);
  else validateService(service!, `${field}.service`, errors);
}

function validateUrl(text: string, field: string, errors: FieldErrors): void {
  const parts = splitUrl(text);
  if (parts.scheme !== "https") errors.invalid(field, parts.scheme, `'https' is the only allowed URL scheme${URL_FORM}`);
  if (parts.host === "") errors.invalid(field, parts.host, `host must be specified${URL_FORM}`);
  if (parts.user !== undefined) errors.invalid(field, parts.user, "user information is not permitted in the URL");
  if (parts.fragment) errors.invalid(field, parts.fragment, "fragments are not permitted in the URL");
  if (parts.query) errors.invalid(field, parts.query, "query parameters are not permitted in the URL");
}

/** RFC 3986, appendix B; the URL class would repair what has to be refused. */
function splitUrl(text: string): { scheme: string; user?: string; host: string; query?: string; fragment?: string } {
  const [, scheme = "", authority = "", query, fragment] =
    /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(text) ?? [];
  const at = authority.lastIndexOf("@");
  return {
    scheme: scheme.toLowerCase(),
    host: authority.slice(at + 1),
    ...(at >= 0 ? { user: authority.slice(0, at) } : {}),
    ...(query !== undefined ? { query } : {}),
    ...(fragment !== undefined ? { fragment } : {}),
  };
}

function validateService(service: NonNullable<WebhookClient["service"]>, field: string, errors: FieldErrors): void {
  const { name, namespace, path, port } = service;
  if (!name) errors.required(`${field}.name`, "service name is required");
  if (!namespace) errors.required(`${field}.namespace`, "service namespace is required");
  validateServicePort(port ?? 0, `${field}.port`, errors);
  if (path !== undefined) validatePath(path, `${field}.path`, errors);
}

export function validateServicePort(port: number, field: string, errors: FieldErrors): void {
  const problems = portNumberErrors(port);
  if (problems.length > 0) errors.invalid(field, port, `port is not valid: ${problems.join(", ")}`);
}

function validatePath(path: string, field: string, errors: FieldErrors): void {
  if (path === "" || path === "/") return;
  if (path === "//") return errors.invalid(field, path, "segment[0] may not be empty");
  if (!path.startsWith("/")) errors.invalid(field, path, "must start with a '/'");
  const inner = path.slice(1).replace(/\/$/, "");
  for (const [index, segment] of inner.split("/").entries()) {
    if (segment === "") errors.invalid(field, path, `segment[${index}] may not be empty`);
    else for (const problem of dns1123SubdomainErrors(segment)) errors.invalid(field, path, `segment[${index}]: ${problem}`);
  }
}
