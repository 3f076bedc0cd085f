/** What a request can get wrong. The service maps each code to etcd's gRPC code and message. */
export type StoreErrorCode = "compacted" | "future-revision" | "lease-not-found" | "lease-exists" | "lease-ttl-too-large" | "key-not-found";

export class StoreError extends Error {
  override name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode) {
    super(code);
    this.code = code;
  }
}
