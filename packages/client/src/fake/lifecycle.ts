import type { KubeObject, ResourceType } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import type { DeleteOptions } from "../client.ts";

const POD_GRACE_S = 30;

/** What a delete does to an object: nothing more, a mark, or the end. */
export function deletionOf(
  type: ResourceType<unknown>,
  old: KubeObject,
  options: DeleteOptions,
  now_ms: number,
): KubeObject | "now" | "unchanged" {
  const grace_s = gracePeriod(type, old, options);
  const finalizers = [...(old.metadata.finalizers ?? [])];
  const policy = { Foreground: "foregroundDeletion", Orphan: "orphan", Background: undefined }[options.propagationPolicy ?? "Background"];
  if (policy && !finalizers.includes(policy)) finalizers.push(policy);
  if (grace_s === 0 && finalizers.length === 0) return "now";
  if (old.metadata.deletionTimestamp && (old.metadata.deletionGracePeriodSeconds ?? 0) <= grace_s) return "unchanged";
  const marked = structuredClone(old);
  marked.metadata.deletionTimestamp = rfc3339(now_ms + grace_s * 1000);
  marked.metadata.deletionGracePeriodSeconds = grace_s;
  if (finalizers.length > 0) marked.metadata.finalizers = finalizers;
  return marked;
}

/** Only a pod that a kubelet still runs is given time. */
function gracePeriod(type: ResourceType<unknown>, old: KubeObject, options: DeleteOptions): number {
  if (type.resource !== "pods" || type.group !== "") return 0;
  const spec = (old["spec"] ?? {}) as { nodeName?: string; terminationGracePeriodSeconds?: number };
  const phase = (old["status"] as { phase?: string } | undefined)?.phase;
  if (!spec.nodeName || phase === "Succeeded" || phase === "Failed") return 0;
  return options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? POD_GRACE_S;
}

/** A write to "status" changes nothing else; a write to the object leaves the status (and the server's own metadata) alone. */
export function withoutStatusChange(old: KubeObject, next: KubeObject, subresource?: string): KubeObject {
  if (subresource === "status" || subresource === "approval") {
    const { labels: _l, annotations: _a, ...meta } = old.metadata;
    const kept = {
      labels: next.metadata?.labels ?? old.metadata.labels,
      annotations: next.metadata?.annotations ?? old.metadata.annotations,
    };
    const metadata = Object.assign(structuredClone(meta), defined(kept));
    return { ...structuredClone(old), metadata, status: structuredClone(next["status"]) };
  }
  const { uid, creationTimestamp, resourceVersion, generation, deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
  const out = structuredClone(next);
  out.apiVersion ??= old.apiVersion;
  out.kind ??= old.kind;
  const own = { uid, creationTimestamp, resourceVersion, generation };
  out.metadata = { ...out.metadata, ...defined(own) };
  if (deletionTimestamp) out.metadata.deletionTimestamp = deletionTimestamp;
  if (deletionTimestamp && out.metadata.deletionGracePeriodSeconds === undefined) {
    out.metadata.deletionGracePeriodSeconds = deletionGracePeriodSeconds;
  }
  // Kinds without a status subresource carry no status at all, so keeping the old one is always right.
  if (old["status"] !== undefined) out["status"] = structuredClone(old["status"]);
  else delete out["status"];
  if (subresource === undefined && body(out) !== body(old)) out.metadata.generation = (generation ?? 1) + 1;
  return out;
}

function body(object: KubeObject): string {
  const { metadata: _m, status: _s, ...rest } = object;
  return JSON.stringify(rest);
}

function defined<O extends object>(object: O): Partial<O> {
  return Object.fromEntries(Object.entries(object).filter(([, v]) => v !== undefined)) as Partial<O>;
}
