/** An IPv4 range. */
export interface Cidr {
  base: number;
  bits: number;
  size: number;
}

/** @throws Error when the text is no IPv4 CIDR. */
export function parseCidr(text: string): Cidr {
  const [address, bits] = text.split("/");
  const base = parseIPv4(address ?? "");
  const length = Number(bits);
  if (base === undefined || bits === undefined || !Number.isInteger(length) || length < 8 || length > 30)
    throw new Error(`not a CIDR of 8 to 30 bits: ${text}`);
  const size = 2 ** (32 - length);
  return { base: base - (base % size), bits: length, size };
}

export function parseIPv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function formatIPv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** The nth address of the range. */
export const addressAt = (cidr: Cidr, n: number): string => formatIPv4(cidr.base + n);

export function contains(cidr: Cidr, text: string): boolean {
  const address = parseIPv4(text);
  return address !== undefined && address >= cidr.base && address < cidr.base + cidr.size;
}
