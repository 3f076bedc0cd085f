/**
 * Sizes in ranges: how long a string, how many bytes, items or entries. All arithmetic stops at MAX, which stands for
 * "nobody knows": a cost of that magnitude is over every budget, and zero times it is still zero (Infinity would not do).
 */
export interface Size {
  readonly min: number;
  readonly max: number;
}

/** 2^64, where cel-go's uint64 ends. */
export const MAX = 2 ** 64;

export const UNKNOWN: Size = { min: 0, max: MAX };
export const ONE: Size = { min: 1, max: 1 };
export const exactly = (size: number): Size => ({ min: size, max: size });
export const upTo = (max: number): Size => ({ min: 0, max });

export const plus = (a: number, b: number): number => Math.min(a + b, MAX);
export const times = (a: number, b: number): number => Math.min(a * b, MAX);

export const addSizes = (a: Size, b: Size): Size => ({ min: plus(a.min, b.min), max: plus(a.max, b.max) });
export const multiplySizes = (a: Size, b: Size): Size => ({ min: times(a.min, b.min), max: times(a.max, b.max) });
/** A range that holds both. */
export const eitherSize = (a: Size, b: Size): Size => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });

/** Reading a text from end to end: a tenth of a unit for each character. */
export const TRAVERSAL = 0.1;
/** A pattern is taken to hold one instruction for every four characters. */
export const PATTERN = 0.25;

/** Whole units for `size` things of `factor` units each. */
export const scaled = (size: number, factor: number): number => Math.min(Math.ceil(size * factor), MAX);
