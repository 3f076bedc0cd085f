import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type { Clock, Logger } from "@flotilla/base";
import { ApiClient as ApiStub } from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import { type ChannelCredentials, connectivityState, credentials } from "@grpc/grpc-js";
import type { TlsConfig } from "../kubeconfig.ts";

/**
 * The servers a client may use, and which one it uses now.
 * Owns the channels. Invariants:
 * 1. `current` is always a valid index; a failing server makes it move on, never back by itself.
 * 2. No call waits for a connection: the channel is READY, or it has failed and says why at once.
 */
export class Servers {
  private readonly stubs: (ApiStub | undefined)[];
  private readonly addresses: string[];
  private readonly connect: (address: string) => ApiStub;
  private readonly clock: Clock;
  private readonly log: Logger;
  private current = 0;

  constructor(ports: { clock: Clock; log: Logger }, addresses: string[], tls: TlsConfig, userAgent: string, insecure = false) {
    this.clock = ports.clock;
    this.log = ports.log;
    this.addresses = addresses;
    this.stubs = addresses.map(() => undefined);
    this.connect = (address) => {
      const channelCredentials = insecure ? credentials.createInsecure() : tlsCredentials(tls, address);
      return new ApiStub(address, channelCredentials, channelOptions(tls, userAgent));
    };
  }

  get size(): number {
    return this.addresses.length;
  }

  /** Channel of the current server once it is connected, or has failed to. @throws NotConnected when it takes too long */
  async ready(): Promise<{ stub: ApiStub; index: number }> {
    const index = this.current;
    const stub = (this.stubs[index] ??= this.connect(this.addresses[index]!));
    if (!(await settled(stub, this.clock))) throw new NotConnected(this.addresses[index]!);
    return { stub, index };
  }

  /** Server `index` failed: the next call goes to the next one. Ignored when another call moved on already. */
  failed(index: number, why: string): void {
    if (index !== this.current || this.addresses.length < 2) return;
    this.current = (index + 1) % this.addresses.length;
    this.log.info("API server failed over", { from: this.addresses[index], to: this.addresses[this.current], why });
  }

  get index(): number {
    return this.current;
  }

  close(): void {
    for (const stub of this.stubs) stub?.close();
  }
}

/** The call was never sent, so any call may be tried elsewhere. */
export class NotConnected extends Error {
  override name = "NotConnected";
  constructor(address: string) {
    super(`no connection to ${address}`);
  }
}

/** A machine that is cut off swallows SYNs; a live one answers within a round trip. */
const CONNECT_LIMIT_MS = 1_500;

function settled(stub: ApiStub, clock: Clock): Promise<boolean> {
  const channel = stub.getChannel();
  const deadline = clock.now() + CONNECT_LIMIT_MS;
  return new Promise((resolve) => {
    // A channel that failed stays in TRANSIENT_FAILURE during its back-off: don't wait for it.
    const look = () => {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY || state === connectivityState.TRANSIENT_FAILURE) return resolve(true);
      if (state === connectivityState.SHUTDOWN) return resolve(false);
      try {
        channel.watchConnectivityState(state, deadline, (error) => (error ? resolve(false) : look()));
      } catch {
        resolve(false); // closed meanwhile
      }
    };
    look();
  });
}

/**
 * SNI cannot carry an IP address (RFC 6066), so a name goes out that every API server's certificate
 * has; what is verified is still the address that was dialled, or tls-server-name where it is set.
 */
function tlsCredentials(tls: TlsConfig, address: string): ChannelCredentials {
  const pem = (text?: string) => (text === undefined ? null : Buffer.from(text));
  const expected = tls.serverName ?? address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert), {
    rejectUnauthorized: !tls.insecureSkipVerify,
    checkServerIdentity: (_sni, certificate) => checkServerIdentity(expected, certificate as PeerCertificate),
  });
}

function channelOptions(tls: TlsConfig, userAgent: string): Record<string, string | number> {
  return {
    "grpc.primary_user_agent": userAgent,
    // A paused or cut server sends no FIN: pings notice it within 6 s, also on an idle watch.
    // Not sooner: a busy machine can keep a healthy server from answering for seconds.
    "grpc.keepalive_time_ms": 2_000,
    "grpc.keepalive_timeout_ms": 4_000,
    "grpc.keepalive_permit_without_calls": 1,
    // A restarted server is back within a second; don't wait the default 20 s.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.enable_retries": 0, // retries are ours: they change the server
    "grpc.max_receive_message_length": 64 * 1024 * 1024, // a list of thousands of pods
    "grpc.max_send_message_length": 8 * 1024 * 1024,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.ssl_target_name_override": tls.serverName ?? "kubernetes",
  };
}
