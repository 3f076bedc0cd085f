import type { WebSocket } from "ws";
import type { Session } from "../backend.ts";
import { CLOSE, frameOf, pumpToChannel, RESIZE, STATUS, STDERR, STDIN, STDOUT, sendFrame, writeHeldBack } from "./channels.ts";

/**
 * One exec or attach over a WebSocket. Frames that arrive before the session is
 * open are kept; the status goes last, after all output.
 */
export async function serveSession(ws: WebSocket, open: () => Promise<Session>): Promise<void> {
  const early: Buffer[] = [];
  let onFrame = (message: Buffer): void => void early.push(message);
  let gone = false;
  let session: Session | undefined;
  ws.on("message", (message) => onFrame(message as Buffer));
  ws.on("error", () => {});
  ws.on("close", () => {
    gone = true;
    session?.abandon();
  });
  try {
    session = await open();
  } catch (error) {
    await finish(ws, internalError((error as Error).message));
    return;
  }
  if (gone) return session.abandon();
  onFrame = (message) => handleFrame(ws, session!, message);
  for (const message of early.splice(0)) onFrame(message);
  const output = Promise.all([pumpToChannel(session.stdout, ws, STDOUT), pumpToChannel(session.stderr, ws, STDERR)]);
  const result = await session.done.then(exitStatus, (error: Error) => internalError(error.message));
  await output;
  await finish(ws, result);
}

function handleFrame(ws: WebSocket, session: Session, message: Buffer): void {
  const frame = frameOf(message);
  if (!frame) return;
  if (frame.channel === STDIN && session.stdin) writeHeldBack(ws, session.stdin, frame.data);
  else if (frame.channel === CLOSE && frame.data[0] === STDIN) session.stdin?.end();
  else if (frame.channel === RESIZE) {
    const size = parseSize(frame.data);
    if (size) session.resize(size.Width, size.Height);
  }
}

function parseSize(data: Buffer): { Width: number; Height: number } | undefined {
  try {
    const size = JSON.parse(data.toString());
    return size.Width > 0 && size.Height > 0 ? size : undefined;
  } catch {
    return undefined;
  }
}

async function finish(ws: WebSocket, status: object): Promise<void> {
  await sendFrame(ws, STATUS, Buffer.from(JSON.stringify(status)));
  ws.close(1000);
}

/** metav1.Status as remotecommand clients read it from channel 3. */
export function exitStatus(code: number): object {
  if (code === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

function internalError(message: string): object {
  return { metadata: {}, status: "Failure", message, reason: "InternalError", code: 500 };
}
