import { CODE_ADDRESS, dataSection } from "./elf.ts";

/** One instruction: its bytes, or a jump whose last byte is the distance to a label. */
type Item = number[] | { label: string } | { jump: number; to: string };

const u32 = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
const movEax = (value: number) => [0xb8, ...u32(value)];
const movEdi = (value: number) => [0xbf, ...u32(value)];
const movEsi = (value: number) => [0xbe, ...u32(value)];
const movEdx = (value: number) => [0xba, ...u32(value)];
const SYSCALL = [0x0f, 0x05];
const ZERO_EDX = [0x31, 0xd2];
const EDI_FROM_EAX = [0x89, 0xc7];
const JL = 0x7c;
const JE = 0x74;
const JMP = 0xeb;

/** See pause.ts for what it does; system call numbers are x86-64's. */
function program(sigaction: number, ifreq: number): Item[] {
  return [
    // rt_sigaction(SIGCHLD, SIG_IGN): children are reaped by the kernel
    [...movEax(13), ...movEdi(17), ...movEsi(sigaction), ...ZERO_EDX, 0x41, 0xba, ...u32(8), ...SYSCALL],
    // ioctl(socket(AF_INET, SOCK_DGRAM), SIOCSIFFLAGS, lo up)
    [...movEax(41), ...movEdi(2), ...movEsi(2), ...ZERO_EDX, ...SYSCALL],
    [...EDI_FROM_EAX, ...movEsi(0x8914), ...movEdx(ifreq), ...movEax(16), ...SYSCALL],
    [0x48, 0x83, 0x3c, 0x24, 2], // cmp qword [rsp], 2: argc
    { jump: JL, to: "ready" },
    // sethostname(argv[1], strlen(argv[1])) unless empty
    [0x48, 0x8b, 0x7c, 0x24, 16, 0x31, 0xf6], // mov rdi, [rsp+16]; xor esi, esi
    { label: "length" },
    [0x80, 0x3c, 0x37, 0x00], // cmp byte [rdi+rsi], 0
    { jump: JE, to: "measured" },
    [0xff, 0xc6], // inc esi
    { jump: JMP, to: "length" },
    { label: "measured" },
    [0x85, 0xf6], // test esi, esi
    { jump: JE, to: "named" },
    [...movEax(170), ...SYSCALL],
    { label: "named" },
    [0x48, 0x83, 0x3c, 0x24, 3],
    { jump: JL, to: "ready" },
    // setns(open(argv[2], O_CLOEXEC), CLONE_NEWNET), or exit(1)
    [0x48, 0x8b, 0x7c, 0x24, 24, ...movEsi(0x80000), ...movEax(2), ...SYSCALL],
    [...EDI_FROM_EAX, ...movEsi(0x40000000), ...movEax(308), ...SYSCALL, 0x85, 0xc0],
    { jump: JE, to: "ready" },
    [...movEdi(1), ...movEax(60), ...SYSCALL],
    { label: "ready" },
    [...movEdi(3), ...movEax(3), ...SYSCALL], // close(3)
    { label: "wait" },
    [...movEax(34), ...SYSCALL], // pause()
    { jump: JMP, to: "wait" },
  ];
}

const sizeOf = (item: Item) => (Array.isArray(item) ? item.length : "jump" in item ? 2 : 0);

export function assembleX64(): Uint8Array {
  const data = dataSection();
  const length = program(0, 0).reduce((sum, item) => sum + sizeOf(item), 0);
  const items = program(CODE_ADDRESS + length + data.sigaction, CODE_ADDRESS + length + data.ifreq);
  const labels = new Map<string, number>();
  let at = 0;
  for (const item of items) {
    if (!Array.isArray(item) && "label" in item) labels.set(item.label, at);
    at += sizeOf(item);
  }
  const code: number[] = [];
  for (const item of items) {
    if (Array.isArray(item)) code.push(...item);
    else if ("jump" in item) code.push(item.jump, (labels.get(item.to)! - (code.length + 2)) & 0xff);
  }
  return Uint8Array.from([...code, ...data.bytes]);
}
