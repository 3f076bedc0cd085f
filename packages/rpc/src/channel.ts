import { ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";

export interface TlsFiles {
  /** PEM of the authorities that may sign the peer's certificate. */
  ca?: Buffer | string;
  /** PEM of our own certificate chain and key: both or neither. */
  cert?: Buffer | string;
  key?: Buffer | string;
}

/** TLS, mutual when a certificate is given; plain text when nothing is. */
export function createChannelCredentials(ca?: Buffer | string, cert?: Buffer | string, key?: Buffer | string): ChannelCredentials {
  if (ca === undefined && cert === undefined) return credentials.createInsecure();
  const buffer = (pem?: Buffer | string) => (pem === undefined ? null : Buffer.from(pem));
  return ChannelCredentials.createSsl(buffer(ca), buffer(key), buffer(cert));
}

/** One message may hold a list of thousands of objects. */
export const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Short reconnect delays: a killed peer is back within a second or so, and grpc's
 * own default (1 s growing to 2 min) would make every failover that slow.
 * The keepalive period stays above the 5 s that a real etcd allows.
 */
export const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.min_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 500,
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 3_000,
  "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
  "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
  "grpc.service_config_disable_resolution": 1,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
};
