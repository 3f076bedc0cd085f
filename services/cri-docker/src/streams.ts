import { type Duplex, PassThrough, Writable } from "node:stream";
import { criErrors, type Session, type StreamOptions } from "@flotilla/cri";
import type { ExecSyncResponse } from "@flotilla/cri/messages.ts";
import type Docker from "dockerode";
import { daemon } from "./api.ts";
import type { DockerContext } from "./context.ts";

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const HEADER_BYTES = 8;

/**
 * Splits Docker's multiplexed output: frames of [stream, 0, 0, 0, length as
 * uint32 big-endian] and data (Docker API: attach). Ends both sinks with the source.
 */
export function demultiplex(source: Duplex, stdout: Writable | undefined, stderr: Writable | undefined): void {
  let pending: Buffer = Buffer.alloc(0);
  source.on("data", (chunk: Buffer) => {
    pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
    while (pending.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + pending.readUInt32BE(4);
      if (pending.length < end) break;
      const sink = pending[0] === 2 ? stderr : stdout;
      if (sink && !sink.write(pending.subarray(HEADER_BYTES, end))) {
        source.pause();
        sink.once("drain", () => source.resume());
      }
      pending = pending.subarray(end);
    }
  });
  const end = () => {
    stdout?.end();
    stderr?.end();
  };
  source.once("end", end);
  source.once("close", end);
  source.once("error", end);
}

function outputs(source: Duplex, options: StreamOptions): { stdout: PassThrough | undefined; stderr: PassThrough | undefined } {
  const stdout = options.stdout ? new PassThrough() : undefined;
  const stderr = options.stderr && !options.tty ? new PassThrough() : undefined;
  if (!options.tty) demultiplex(source, stdout, stderr);
  else if (stdout) source.pipe(stdout);
  else source.resume();
  source.once("close", () => stdout?.end());
  return { stdout, stderr };
}

function ended(source: Duplex): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ["end", "close", "error"]) source.once(event, () => resolve());
  });
}

async function startExec(context: DockerContext, id: string, command: string[], options: StreamOptions) {
  const exec = await daemon(
    "exec failed",
    context.docker.getContainer(id).exec({
      Cmd: command,
      AttachStdin: options.stdin,
      AttachStdout: options.stdout,
      AttachStderr: options.stderr,
      Tty: options.tty,
    }),
  );
  const source: Duplex = await daemon(
    "exec failed",
    exec.start({ hijack: true, stdin: true, Tty: options.tty } as Docker.ExecStartOptions),
  );
  source.on("error", () => {}); // seen as its end
  return { exec, source };
}

/** The process of an exec, in the adapter's pid namespace; Docker has no call to end it. */
async function killExec(exec: Docker.Exec): Promise<void> {
  const { Running, Pid } = await exec.inspect();
  if (!Running || !Pid) return;
  try {
    process.kill(Pid, "SIGKILL");
  } catch {
    // ended, or the daemon's processes are not visible from here
  }
}

export async function execSession(context: DockerContext, id: string, options: StreamOptions & { command: string[] }): Promise<Session> {
  const { exec, source } = await startExec(context, id, options.command, options);
  const done = ended(source).then(async () => (await exec.inspect()).ExitCode ?? 0);
  return {
    ...outputs(source, options),
    stdin: options.stdin ? source : undefined,
    resize: (columns, rows) => void exec.resize({ w: columns, h: rows }).catch(() => {}),
    done,
    abandon: () => {
      source.destroy();
      killExec(exec).catch(() => {});
    },
  };
}

export async function execSync(context: DockerContext, id: string, command: string[], timeout_s: number): Promise<ExecSyncResponse> {
  const options = { stdin: false, stdout: true, stderr: true, tty: false };
  const { exec, source } = await startExec(context, id, command, options);
  const { stdout, stderr } = outputs(source, options);
  const collected = [collect(stdout!), collect(stderr!)];
  let late = false;
  const expire = () => {
    late = true;
    killExec(exec).catch(() => {});
    source.destroy();
  };
  const timer = timeout_s > 0 ? context.clock.setTimeout(expire, timeout_s * 1000) : undefined;
  await ended(source);
  timer?.cancel();
  if (late) throw criErrors.timeout(`command ${JSON.stringify(command)}`, timeout_s);
  const [out, err] = await Promise.all(collected);
  return { stdout: out!, stderr: err!, exitCode: (await exec.inspect()).ExitCode ?? 0 };
}

async function collect(source: PassThrough): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    if (size < OUTPUT_BYTES_MAX) chunks.push((chunk as Buffer).subarray(0, OUTPUT_BYTES_MAX - size));
    size += (chunk as Buffer).length;
  }
  return Buffer.concat(chunks);
}

/**
 * The end of one client's input is the container's only where stdinOnce says so. Docker ends the whole session with
 * it otherwise, and what the container still prints would be lost: so it is not told.
 */
function inputOf(source: Duplex, stdinOnce: boolean): Writable {
  if (stdinOnce) return source;
  return new Writable({ write: (chunk, _encoding, done) => void source.write(chunk, () => done()) });
}

export async function attachSession(context: DockerContext, id: string, options: StreamOptions & { stdinOnce: boolean }): Promise<Session> {
  const container = context.docker.getContainer(id);
  const source = (await daemon(
    "attach failed",
    container.attach({ stream: true, hijack: true, stdin: options.stdin, stdout: options.stdout, stderr: options.stderr }),
  )) as Duplex;
  source.on("error", () => {});
  return {
    ...outputs(source, options),
    stdin: options.stdin ? inputOf(source, options.stdinOnce) : undefined,
    resize: (columns, rows) => void container.resize({ w: columns, h: rows }).catch(() => {}),
    done: ended(source).then(() => 0),
    abandon: () => source.destroy(),
  };
}
