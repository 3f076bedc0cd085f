/** A static ELF executable of one read-write-execute segment: header, code, data. */
export interface Program {
  machine: "x64" | "arm64";
  code: Uint8Array;
}

export const BASE_ADDRESS = 0x400000;
const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
export const CODE_ADDRESS = BASE_ADDRESS + EHDR_SIZE + PHDR_SIZE;
const E_MACHINE = { x64: 62, arm64: 183 } as const;

/** The file's bytes (ELF-64, little-endian; System V ABI, chapter 4 and 5). */
export function elfFile(program: Program): Buffer {
  const size = EHDR_SIZE + PHDR_SIZE + program.code.length;
  const file = Buffer.alloc(size);
  file.write("\x7fELF", 0, "latin1");
  file.set([2, 1, 1, 0], 4); // 64 bit, little-endian, version 1, System V
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(E_MACHINE[program.machine], 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(CODE_ADDRESS), 24); // entry
  file.writeBigUInt64LE(BigInt(EHDR_SIZE), 32); // program headers follow
  file.writeUInt16LE(EHDR_SIZE, 52);
  file.writeUInt16LE(PHDR_SIZE, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // readable, executable
  file.writeBigUInt64LE(0n, 72);
  file.writeBigUInt64LE(BigInt(BASE_ADDRESS), 80);
  file.writeBigUInt64LE(BigInt(BASE_ADDRESS), 88);
  file.writeBigUInt64LE(BigInt(size), 96);
  file.writeBigUInt64LE(BigInt(size), 104);
  file.writeBigUInt64LE(0x10000n, 112); // alignment: arm64 kernels may use 64 KiB pages
  file.set(program.code, EHDR_SIZE + PHDR_SIZE);
  return file;
}

/** What the code reads besides its arguments, placed after it. */
export function dataSection(): { sigaction: number; ifreq: number; bytes: Buffer } {
  const bytes = Buffer.alloc(32 + 40);
  bytes.writeBigUInt64LE(1n, 0); // struct sigaction: SIG_IGN, no flags, empty mask
  bytes.write("lo", 32, "latin1"); // struct ifreq: name,
  bytes.writeUInt16LE(0x41, 48); // IFF_UP | IFF_RUNNING
  return { sigaction: 0, ifreq: 32, bytes };
}
