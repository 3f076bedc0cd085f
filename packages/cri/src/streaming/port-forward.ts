import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { CLOSE, frameOf, pumpToChannel, sendFrame, writeHeldBack } from "./channels.ts";

/**
 * Port-forward over a WebSocket, as the kubelet's v4.channel.k8s.io: the n-th
 * port has data channel 2n and error channel 2n+1, and each channel's first
 * frame from the server is the port as uint16, little-endian. With v5,
 * `[255, channel]` closes a channel in either direction (half-close).
 */
export async function forwardPorts(ws: WebSocket, ports: number[], dial: (port: number) => Promise<Duplex>): Promise<void> {
  const connections = new Map<number, Duplex>();
  const early: Buffer[] = [];
  let onFrame = (message: Buffer): void => void early.push(message);
  ws.on("message", (message) => onFrame(message as Buffer));
  ws.on("error", () => {});
  ws.on("close", () => {
    for (const connection of connections.values()) connection.destroy();
  });
  const halfClose = ws.protocol === "v5.channel.k8s.io";
  const forward = async (port: number, index: number): Promise<void> => {
    const [data, error] = [2 * index, 2 * index + 1];
    for (const channel of [data, error]) await sendFrame(ws, channel, Buffer.of(port & 0xff, port >> 8));
    const connection = await dial(port).catch(async (reason: Error) => {
      await sendFrame(ws, error, Buffer.from(`error forwarding port ${port} to pod: ${reason.message}`));
      return undefined;
    });
    if (!connection) return;
    if (ws.readyState !== ws.OPEN) return void connection.destroy();
    connection.on("error", () => {});
    connections.set(data, connection);
    drainEarly();
    await pumpToChannel(connection, ws, data);
    if (halfClose) await sendFrame(ws, CLOSE, Buffer.of(data));
  };
  const handle = (message: Buffer): boolean => {
    const frame = frameOf(message);
    if (!frame) return true;
    const channel = frame.channel === CLOSE ? frame.data[0]! : frame.channel;
    const connection = connections.get(channel);
    if (!connection) return channel % 2 === 1 || channel >= 2 * ports.length;
    if (frame.channel === CLOSE) connection.end();
    else writeHeldBack(ws, connection, frame.data);
    return true;
  };
  const drainEarly = () => {
    for (const message of early.splice(0)) onFrame(message);
  };
  onFrame = (message) => {
    if (!handle(message)) early.push(message); // its connection is still being made
  };
  await Promise.all(ports.map(forward));
  ws.close(1000);
}
