const SUFFIX: Record<string, number> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A resource.Quantity as a number of its base unit; NaN when it does not parse. */
export function quantity(text: string | number | undefined): number {
  if (text === undefined) return 0;
  const match = /^([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)([a-zA-Z]{0,2})$/.exec(String(text));
  const factor = match ? SUFFIX[match[2]!] : undefined;
  return factor === undefined ? Number.NaN : Number(match![1]) * factor;
}

/** CPU in thousandths of a core, rounded up as Quantity.MilliValue does. */
export const milliCpu = (text: string | undefined): number => Math.ceil(Math.round(quantity(text) * 1e6) / 1e3);

/** Bytes, rounded up. */
export const bytes = (text: string | undefined): number => Math.ceil(quantity(text));
