/** An image reference taken apart as Docker's grammar has it. */
export interface ImageReference {
  registry: string;
  /** Path within the registry. */
  repository: string;
  tag?: string;
  digest?: string;
}

const DEFAULT_REGISTRY = "docker.io";
const PATTERN =
  /^((?:[a-zA-Z0-9.-]+(?::\d+)?)\/)?([a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9]+:[a-f0-9]{32,}))?$/;

/** Undefined for a name that is no reference ("UPPER", "a::b", ""). */
export function parseImageReference(image: string): ImageReference | undefined {
  const match = PATTERN.exec(image);
  if (!match) return undefined;
  const host = match[1]?.slice(0, -1);
  const isHost = host !== undefined && (/[.:]/.test(host) || host === "localhost");
  if (host !== undefined && !isHost && host !== host.toLowerCase()) return undefined;
  const path = host !== undefined && !isHost ? `${host}/${match[2]}` : match[2]!;
  const registry = isHost ? host : DEFAULT_REGISTRY;
  const repository = registry === DEFAULT_REGISTRY && !path.includes("/") ? `library/${path}` : path;
  return { registry, repository, tag: match[3], digest: match[4] };
}

/** The name with the tag "latest" when it carries neither tag nor digest. */
export function withDefaultTag(image: string): string {
  const reference = parseImageReference(image);
  return reference && !reference.tag && !reference.digest ? `${image}:latest` : image;
}

/** IfNotPresent, but Always for "latest", as the API server defaults it. */
export function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  const reference = parseImageReference(image);
  const tag = reference?.tag ?? (reference?.digest ? undefined : "latest");
  return tag === "latest" ? "Always" : "IfNotPresent";
}
