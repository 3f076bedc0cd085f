import type { Secret } from "@flotilla/api";
import type { AuthConfig } from "@flotilla/rpc/gen/cri/v1/api.ts";
import { parseImageReference } from "./reference.ts";

interface DockerAuth {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
  registrytoken?: string;
}

/** Credentials from pull secrets that fit the image, the most specific first. Malformed secrets offer nothing. */
export function pullCredentials(image: string, secrets: readonly Secret[]): AuthConfig[] {
  const reference = parseImageReference(image);
  if (!reference) return [];
  const target = `${reference.registry}/${reference.repository}`;
  return secrets
    .flatMap(dockerAuths)
    .map(([server, auth]) => ({ prefix: normalize(server), server, auth }))
    .filter(({ prefix }) => target === prefix || target.startsWith(`${prefix}/`))
    .sort((a, b) => b.prefix.length - a.prefix.length)
    .map(({ server, auth }) => toAuthConfig(server, auth));
}

function dockerAuths(secret: Secret): [string, DockerAuth][] {
  try {
    const data = secret.data ?? {};
    const text = data[".dockerconfigjson"] ?? data[".dockercfg"];
    if (!text) return [];
    const json = JSON.parse(Buffer.from(text, "base64").toString("utf8")) as Record<string, unknown>;
    return Object.entries((data[".dockerconfigjson"] ? json["auths"] : json) as Record<string, DockerAuth>);
  } catch {
    return [];
  }
}

function normalize(server: string): string {
  const plain = server.replace(/^https?:\/\//, "").replace(/\/(v1|v2)?\/?$/, "");
  return plain === "index.docker.io" || plain === "registry-1.docker.io" ? "docker.io" : plain;
}

function toAuthConfig(server: string, auth: DockerAuth): AuthConfig {
  const [user = "", ...password] = auth.auth ? Buffer.from(auth.auth, "base64").toString("utf8").split(":") : [];
  return {
    username: auth.username ?? user,
    password: auth.password ?? password.join(":"),
    auth: "",
    serverAddress: server,
    identityToken: auth.identitytoken ?? "",
    registryToken: auth.registrytoken ?? "",
  };
}
