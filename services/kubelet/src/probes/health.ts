import { Client, credentials } from "@grpc/grpc-js";

const SERVING = 1;

/** grpc.health.v1.Health/Check, whose two messages are small enough to write by hand. */
export const HealthClient = {
  /** True when the service answers SERVING. @throws ServiceError */
  check(address: string, service: string, timeout_ms: number): Promise<boolean> {
    const client = new Client(address, credentials.createInsecure());
    const deadline = new AbortController();
    AbortSignal.timeout(timeout_ms).addEventListener("abort", () => deadline.abort(), { once: true });
    return new Promise<boolean>((resolve, reject) => {
      const call = client.makeUnaryRequest(
        "/grpc.health.v1.Health/Check",
        (name: string) => encodeRequest(name),
        (reply: Buffer) => decodeStatus(reply),
        service,
        (error, status) => (error ? reject(error) : resolve(status === SERVING)),
      );
      deadline.signal.addEventListener("abort", () => call.cancel(), { once: true });
    }).finally(() => client.close());
  },
};

/** HealthCheckRequest { string service = 1; } */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

/** HealthCheckResponse { ServingStatus status = 1; } */
function decodeStatus(reply: Buffer): number {
  return reply[0] === 0x08 ? reply[1]! : 0;
}
