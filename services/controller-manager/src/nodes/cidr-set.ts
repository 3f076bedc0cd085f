/** An IPv4 range cut into equal parts, of which each node gets one. Addresses are unsigned 32-bit numbers. */
export interface Cidr {
  base: number;
  bits: number;
}

/** @throws when it is not an IPv4 CIDR */
export function parseCidr(text: string): Cidr {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text.trim());
  const [a, b, c, d, bits] = (match?.slice(1) ?? []).map(Number);
  if (!match || [a, b, c, d].some((n) => n! > 255) || bits! > 32) throw new Error(`"${text}" is not an IPv4 CIDR`);
  const address = ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0;
  return { base: (address & mask(bits!)) >>> 0, bits: bits! };
}

export function formatCidr({ base, bits }: Cidr): string {
  return `${[24, 16, 8, 0].map((shift) => (base >>> shift) & 255).join(".")}/${bits}`;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  const bits = Math.min(a.bits, b.bits);
  return (a.base & mask(bits)) >>> 0 === (b.base & mask(bits)) >>> 0;
}

const mask = (bits: number): number => (bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0);

/** Which parts are taken. Invariant: a part is handed out again only after `release`, and the longest-free first. */
export class CidrSet {
  private readonly whole: Cidr;
  private readonly partBits: number;
  private readonly size: number;
  private readonly taken = new Set<number>();
  private next = 0;

  /** @throws when the parts would not fit */
  constructor(whole: Cidr, partBits: number) {
    if (partBits < whole.bits || partBits > 30) throw new Error(`node mask /${partBits} does not fit cluster CIDR ${formatCidr(whole)}`);
    this.whole = whole;
    this.partBits = partBits;
    this.size = 2 ** (partBits - whole.bits);
  }

  /** Marks every part that this range touches. */
  occupy(range: Cidr): void {
    for (const index of this.touched(range)) this.taken.add(index);
  }

  release(range: Cidr): void {
    for (const index of this.touched(range)) this.taken.delete(index);
  }

  /** Undefined when all are taken. */
  allocate(): Cidr | undefined {
    for (let i = 0; i < this.size; i++) {
      const index = (this.next + i) % this.size;
      if (this.taken.has(index)) continue;
      this.taken.add(index);
      this.next = (index + 1) % this.size;
      return { base: (this.whole.base + index * this.partSize) >>> 0, bits: this.partBits };
    }
    return undefined;
  }

  private get partSize(): number {
    return 2 ** (32 - this.partBits);
  }

  private *touched(range: Cidr): Generator<number> {
    if (!overlaps(range, this.whole)) return;
    const first = Math.max(0, Math.floor((range.base - this.whole.base) / this.partSize));
    const last = Math.min(this.size - 1, Math.floor((range.base + 2 ** (32 - range.bits) - 1 - this.whole.base) / this.partSize));
    for (let index = first; index <= last; index++) yield index;
  }
}
