/** The address a name under in-addr.arpa or ip6.arpa stands for; undefined for any other name. */
export function addressOfReverse(name: string): string | undefined {
  if (name.endsWith(".in-addr.arpa")) {
    const parts = name.slice(0, -".in-addr.arpa".length).split(".");
    return parts.length === 4 && parts.every(isByte) ? parts.reverse().join(".") : undefined;
  }
  if (!name.endsWith(".ip6.arpa")) return undefined;
  const nibbles = name.slice(0, -".ip6.arpa".length).split(".").reverse();
  if (nibbles.length !== 32 || !nibbles.every((n) => /^[0-9a-f]$/.test(n))) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => nibbles.slice(i * 4, i * 4 + 4).join(""));
  return canonicalIPv6(groups.join(":"));
}

/** "10-244-1-5" → "10.244.1.5"; "fd00--5" → "fd00::5"; undefined when it spells no address. */
export function addressOfDashed(label: string): string | undefined {
  const parts = label.split("-");
  if (parts.length === 4 && parts.every(isByte)) return parts.join(".");
  const v6 = label.replaceAll("-", ":");
  return /^[0-9a-f:]+$/.test(v6) && v6.split(":").length > 2 ? canonicalIPv6(v6) : undefined;
}

const isByte = (text: string) => /^\d{1,3}$/.test(text) && Number(text) < 256 && String(Number(text)) === text;

/** RFC 5952's short form, through the URL parser; undefined when it is no address. */
function canonicalIPv6(text: string): string | undefined {
  return URL.canParse(`http://[${text}]/`) ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : undefined;
}
