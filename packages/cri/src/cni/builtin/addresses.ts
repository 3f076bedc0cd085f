/** IPv4 arithmetic for address management. */
export interface Subnet {
  base: number;
  prefix: number;
}

export function parseSubnet(text: string): Subnet {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  const parts = match?.slice(1, 5).map(Number) ?? [];
  const prefix = Number(match?.[5]);
  if (!match || parts.some((p) => p > 255) || prefix > 30) throw new Error(`invalid IPv4 subnet "${text}"`);
  const address = parts.reduce((sum, part) => sum * 256 + part, 0);
  return { base: address - (address % 2 ** (32 - prefix)), prefix };
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** The subnet's first address, which bridge plug-ins take as the gateway. */
export function gatewayOf(subnet: Subnet): string {
  return formatAddress(subnet.base + 1);
}

/** Every address a pod may have, starting after `last` and going round. */
export function* candidates(subnet: Subnet, last: number | undefined): Generator<number> {
  const first = subnet.base + 2;
  const end = subnet.base + 2 ** (32 - subnet.prefix) - 1; // the broadcast address
  const start = last !== undefined && last >= first && last + 1 < end ? last + 1 : first;
  for (let address = start; address < end; address++) yield address;
  for (let address = first; address < start; address++) yield address;
}

export function parseAddress(text: string): number {
  return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
