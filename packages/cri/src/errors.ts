import { status } from "@grpc/grpc-js";

/** Why a CRI call failed; `code` is the gRPC status the kubelet sees and decides by. */
export class CriError extends Error {
  override name = "CriError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The catalogue: every refusal of a runtime handler is one of these. */
export const criErrors = {
  sandboxNotFound: (id: string) => new CriError(status.NOT_FOUND, `pod sandbox "${id}" not found`),
  containerNotFound: (id: string) => new CriError(status.NOT_FOUND, `container "${id}" not found`),
  imageNotFound: (image: string) => new CriError(status.NOT_FOUND, `image "${image}" not found`),
  missing: (field: string) => new CriError(status.INVALID_ARGUMENT, `${field} is required`),
  invalid: (why: string) => new CriError(status.INVALID_ARGUMENT, why),
  wrongState: (id: string, state: string, wanted: string) =>
    new CriError(status.FAILED_PRECONDITION, `container "${id}" is ${state}, not ${wanted}`),
  unknownHandler: (name: string, known: string[]) =>
    new CriError(status.INVALID_ARGUMENT, `no runtime handler "${name}" is configured; known: ${known.join(", ")}`),
  timeout: (what: string, limit_s: number) => new CriError(status.DEADLINE_EXCEEDED, `${what} timed out after ${limit_s}s`),
  unsupported: (what: string) => new CriError(status.UNIMPLEMENTED, what),
  failed: (what: string, why: string) => new CriError(status.UNKNOWN, `${what}: ${why}`),
};
