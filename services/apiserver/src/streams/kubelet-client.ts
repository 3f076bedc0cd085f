import { type ApiError, ApiError as ApiErrorClass, apiError, type Node, REASON_CODES, type Status, type StatusReason } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import { CHANNEL_OPTIONS, grpcToApiStatus, httpCodeOfGrpc, type TlsFiles } from "@flotilla/rpc";
import { NodeClient } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import { ChannelCredentials, type ServiceError } from "@grpc/grpc-js";
import type { Store } from "../storage/store.ts";

const DEFAULT_PORT = 10250;
/** Connections to kubelets nobody has used for this long are closed. */
const IDLE_MS = 300_000;

export interface KubeletConfig extends TlsFiles {
  addressTypes: string[];
}

/** Connections to the kubelets' flotilla.node.v1, one per node address, kept while in use. */
export class KubeletClient {
  private readonly clock: Clock;
  private readonly store: Store;
  private readonly config: KubeletConfig;
  private readonly credentials: ChannelCredentials;
  private readonly clients = new Map<string, { client: NodeClient; used_ms: number }>();

  constructor(clock: Clock, store: Store, config: KubeletConfig) {
    this.clock = clock;
    this.store = store;
    this.config = config;
    const pem = (text: Buffer | string | undefined) => (text === undefined ? null : Buffer.from(text));
    // Without an authority to check against, the kubelet's certificate is taken as it is, as upstream does.
    const trust = config.ca ? {} : { rejectUnauthorized: false, checkServerIdentity: () => undefined };
    this.credentials = config.cert
      ? ChannelCredentials.createSsl(pem(config.ca), pem(config.key), pem(config.cert), trust)
      : ChannelCredentials.createInsecure();
  }

  /** @throws ApiError when the node is unknown or has no address. */
  of(nodeName: string): NodeClient {
    const node = this.node(nodeName);
    if (!node) throw apiError("NotFound", `nodes ${JSON.stringify(nodeName)} not found`, { kind: "nodes", name: nodeName });
    const addresses = node.status?.addresses ?? [];
    const found = this.config.addressTypes.flatMap((type) => addresses.filter((address) => address.type === type))[0];
    if (!found)
      throw apiError(
        "InternalError",
        `no preferred addresses found; known addresses: ${addresses.map(({ address }) => address).join(", ")}`,
      );
    return this.at(`${found.address}:${portOf(node)}`);
  }

  /** Where the node's kubelet listens, also of a node that nobody knows. */
  port(nodeName: string): number {
    return portOf(this.node(nodeName));
  }

  private node(name: string): Node | undefined {
    return this.store.cache("nodes").get(`/registry/nodes/${name}`)?.object as Node | undefined;
  }

  close(): void {
    for (const { client } of this.clients.values()) client.close();
    this.clients.clear();
  }

  private at(target: string): NodeClient {
    const now = this.clock.monotonic();
    for (const [address, { client, used_ms }] of this.clients) {
      if (address === target || now - used_ms < IDLE_MS) continue;
      client.close();
      this.clients.delete(address);
    }
    let known = this.clients.get(target);
    if (!known) this.clients.set(target, (known = { client: new NodeClient(target, this.credentials, CHANNEL_OPTIONS), used_ms: now }));
    known.used_ms = now;
    return known.client;
  }
}

const portOf = (node: Node | undefined): number => node?.status?.daemonEndpoints?.kubeletEndpoint?.Port || DEFAULT_PORT;

/** What a failed call to a kubelet means to the client. */
export function kubeletError(error: unknown): ApiError {
  const status = grpcToApiStatus(error) as Status | undefined;
  if (status) return new ApiErrorClass(status);
  const { code, details } = error as ServiceError;
  const http = httpCodeOfGrpc(code);
  const reason = (Object.keys(REASON_CODES) as StatusReason[]).find((name) => REASON_CODES[name] === http) ?? "InternalError";
  return apiError(reason, reason === "ServiceUnavailable" ? `the kubelet does not answer: ${details}` : details);
}
