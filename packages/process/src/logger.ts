import type { Logger } from "@flotilla/base";
import pino from "pino";

/** JSON lines on stderr; `verbosity` as klog's -v: 0 and 1 are info, 2 and up add debug. */
export function createLogger(component: string, verbosity = 0): Logger {
  const root = pino(
    {
      level: verbosity >= 2 ? "debug" : "info",
      base: { component },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    pino.destination({ fd: 2, sync: true }),
  );
  return wrap(root);
}

function wrap(logger: pino.Logger): Logger {
  return {
    debug: (message, keys) => logger.debug(keys ?? {}, message),
    info: (message, keys) => logger.info(keys ?? {}, message),
    warn: (message, keys) => logger.warn(keys ?? {}, message),
    error: (message, keys) => logger.error(keys ?? {}, message),
    with: (keys) => wrap(logger.child(keys)),
  };
}
