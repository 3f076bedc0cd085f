import { ConnectionError, ERROR, FRAME, frameOf } from "./frames.ts";

/** RFC 9113, §6.5.2. */
export const SETTING = { headerTableSize: 1, enablePush: 2, maxConcurrentStreams: 3, initialWindowSize: 4, maxFrameSize: 5 } as const;

/** The protocol's defaults, until a SETTINGS frame says otherwise. */
export const DEFAULT_WINDOW_BYTES = 65_535;
export const DEFAULT_FRAME_BYTES_MAX = 16_384;
export const DEFAULT_TABLE_BYTES_MAX = 4096;
export const WINDOW_BYTES_MAX = 2 ** 31 - 1;
const FRAME_BYTES_MAX = 2 ** 24 - 1;
const SETTING_BYTES = 6;

export type Setting = readonly [id: number, value: number];

export function settingsFrame(settings: readonly Setting[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * SETTING_BYTES);
  let at = 0;
  for (const [id, value] of settings) at = payload.writeUInt32BE(value, payload.writeUInt16BE(id, at));
  return frameOf(FRAME.settings, 0, 0, payload);
}

/** What a SETTINGS frame says, in its order, unknown settings too. @throws ConnectionError when the protocol allows it not. */
export function readSettings(stream: number, payload: Buffer): Setting[] {
  if (stream !== 0 || payload.length % SETTING_BYTES !== 0) throw new ConnectionError(ERROR.frameSize, "SETTINGS");
  const settings: Setting[] = [];
  for (let at = 0; at < payload.length; at += SETTING_BYTES) {
    const id = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    if (id === SETTING.maxFrameSize && (value < DEFAULT_FRAME_BYTES_MAX || value > FRAME_BYTES_MAX)) {
      throw new ConnectionError(ERROR.protocol, "SETTINGS_MAX_FRAME_SIZE");
    }
    if (id === SETTING.initialWindowSize && value > WINDOW_BYTES_MAX) {
      throw new ConnectionError(ERROR.flowControl, "SETTINGS_INITIAL_WINDOW_SIZE");
    }
    settings.push([id, value]);
  }
  return settings;
}
