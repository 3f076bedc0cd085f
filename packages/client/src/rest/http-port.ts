/** One HTTP exchange as a port: what the REST transport needs, so that tests need no sockets. */
export interface HttpPort {
  /** Rejects when no answer came; a failed status is an answer. */
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

export interface HttpRequest {
  method: string;
  /** Path and query; the port knows the server. */
  path: string;
  headers: Record<string, string>;
  body?: Uint8Array;
  /** Milliseconds without any byte before the exchange fails; 0: wait for ever. */
  timeout_ms: number;
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: AsyncIterable<Uint8Array>;
}
