/** Structured logging as a port: constant messages, facts as keys. */
export interface Logger {
  debug(message: string, keys?: Record<string, unknown>): void;
  info(message: string, keys?: Record<string, unknown>): void;
  warn(message: string, keys?: Record<string, unknown>): void;
  error(message: string, keys?: Record<string, unknown>): void;
  /** A logger that adds `keys` to every line. */
  with(keys: Record<string, unknown>): Logger;
}

/** For tests and library users who want silence. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};
