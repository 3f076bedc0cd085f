const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/**
 * A short, stable name for a pod template: FNV-1a 32 over its canonical JSON, written in
 * letters that spell no words, as upstream's pod-template-hash (its exact values differ:
 * they hash Go's own dump of the struct).
 */
export function templateHash(template: unknown, collisionCount = 0): string {
  const text = canonical(template) + (collisionCount > 0 ? `#${collisionCount}` : "");
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return [...String(hash)].map((digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join("");
}

/** JSON with sorted keys and without what is not set. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined && v !== null);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`)
      .join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
