import { CODE_ADDRESS, dataSection } from "./elf.ts";

/** One 32-bit instruction, a label, or a branch: `bits` plus the distance in words at bit `shift`. */
type Item = number | { label: string } | { branch: number; to: string; shift: number; mask: number };

const X8 = 8; // the system call's number
const SP = 31;
const movz = (rd: number, imm: number) => 0xd2800000 | (imm << 5) | rd;
const movzHigh = (rd: number, imm: number) => 0xd2a00000 | (imm << 5) | rd; // imm << 16
const movkHigh = (rd: number, imm: number) => 0xf2a00000 | (imm << 5) | rd;
const address = (rd: number, value: number) => [movz(rd, value & 0xffff), movkHigh(rd, value >>> 16)];
const loadFromStack = (rt: number, offset: number) => 0xf9400000 | ((offset / 8) << 10) | (SP << 5) | rt;
const compare = (rn: number, imm: number) => 0xf100001f | (imm << 10) | (rn << 5);
const SVC = 0xd4000001;
const call = (number: number) => [movz(X8, number), SVC];
const branchIfLess = (to: string): Item => ({ branch: 0x5400000b, to, shift: 5, mask: 0x7ffff });
const branchIfZero = (rt: number, to: string): Item => ({ branch: 0xb4000000 | rt, to, shift: 5, mask: 0x7ffff });
const branch = (to: string): Item => ({ branch: 0x14000000, to, shift: 0, mask: 0x3ffffff });

/** See pause.ts for what it does; system call numbers are those of arm64 (asm-generic). */
function program(sigaction: number, ifreq: number): Item[] {
  return [
    ...[movz(0, 17), ...address(1, sigaction), movz(2, 0), movz(3, 8), ...call(134)], // rt_sigaction
    ...[movz(0, 2), movz(1, 2), movz(2, 0), ...call(198)], // socket
    ...[movz(1, 0x8914), ...address(2, ifreq), ...call(29)], // ioctl
    loadFromStack(4, 0), // argc
    compare(4, 2),
    branchIfLess("ready"),
    loadFromStack(0, 16), // argv[1]
    movz(1, 0),
    { label: "length" },
    0x38606800 | (1 << 16) | (0 << 5) | 3, // ldrb w3, [x0, x1]
    branchIfZero(3, "measured"),
    0x91000000 | (1 << 10) | (1 << 5) | 1, // add x1, x1, #1
    branch("length"),
    { label: "measured" },
    branchIfZero(1, "named"),
    ...call(161), // sethostname
    { label: "named" },
    compare(4, 3),
    branchIfLess("ready"),
    0x92800000 | (99 << 5) | 0, // movn x0, #99: AT_FDCWD
    loadFromStack(1, 24), // argv[2]
    movzHigh(2, 0x8), // O_CLOEXEC
    movz(3, 0),
    ...call(56), // openat
    movzHigh(1, 0x4000), // CLONE_NEWNET
    ...call(268), // setns
    branchIfZero(0, "ready"),
    movz(0, 1),
    ...call(93), // exit
    { label: "ready" },
    movz(0, 3),
    ...call(57), // close
    { label: "wait" },
    ...[movz(0, 0), movz(1, 0), movz(2, 0), movz(3, 0), movz(4, 0), ...call(73)], // ppoll(nothing, for ever)
    branch("wait"),
  ];
}

const isInstruction = (item: Item) => typeof item === "number" || "branch" in item;

export function assembleArm64(): Uint8Array {
  const data = dataSection();
  const length = program(0, 0).filter(isInstruction).length * 4;
  const items = program(CODE_ADDRESS + length + data.sigaction, CODE_ADDRESS + length + data.ifreq);
  const labels = new Map<string, number>();
  let at = 0;
  for (const item of items) {
    if (isInstruction(item)) at++;
    else labels.set((item as { label: string }).label, at);
  }
  const words: number[] = [];
  for (const item of items) {
    if (typeof item === "number") words.push(item);
    else if ("branch" in item) words.push(item.branch | (((labels.get(item.to)! - words.length) & item.mask) << item.shift));
  }
  const out = Buffer.alloc(length + data.bytes.length);
  for (const [index, word] of words.entries()) out.writeUInt32LE(word >>> 0, index * 4);
  out.set(data.bytes, length);
  return out;
}
