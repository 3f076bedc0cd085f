import type { Container, Pod, Secret } from "@flotilla/api";
import type { Clock, Logger } from "@flotilla/base";
import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { KeyedBackoff } from "../actions/backoff.ts";
import type { Runtime } from "../cri/runtime.ts";
import { messageOf, StartError } from "../errors.ts";
import { pullCredentials } from "./credentials.ts";
import { defaultPullPolicy, parseImageReference, withDefaultTag } from "./reference.ts";

export type EmitEvent = (type: "Normal" | "Warning", reason: string, message: string) => void;

export interface ImageRequest {
  pod: Pod;
  container: Container;
  secrets: readonly Secret[];
  sandbox: cri.PodSandboxConfig;
  runtimeHandler: string;
  emit: EmitEvent;
  signal: AbortSignal;
}

/** Sees to it that a container's image is there, by its pull policy; failed pulls are tried again after a back-off. */
export class ImageManager {
  private readonly ports: { clock: Clock; log: Logger; runtime: Runtime };
  private readonly backoff = new KeyedBackoff();
  private readonly failures = new Map<string, string>();
  private readonly failed = new Map<string, number>();
  private readonly pulling = new Map<string, Promise<string>>();

  constructor(ports: { clock: Clock; log: Logger; runtime: Runtime }) {
    this.ports = ports;
  }

  /** The image as the runtime knows it. @throws StartError */
  async ensure(request: ImageRequest): Promise<cri.Image> {
    const name = request.container.image ?? "";
    if (!parseImageReference(name) && !/^(sha256:)?[a-f0-9]{12,64}$/.test(name)) {
      const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format`;
      request.emit("Warning", "InspectFailed", message);
      throw new StartError("InvalidImageName", message);
    }
    const image = withDefaultTag(name);
    const present = await this.inspect(image, request);
    const policy = request.container.imagePullPolicy ?? defaultPullPolicy(name);
    if (policy === "Never" && !present) {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      request.emit("Warning", "ErrImageNeverPull", message);
      throw new StartError("ErrImageNeverPull", message);
    }
    if (present && policy !== "Always") {
      request.emit("Normal", "Pulled", `Container image "${image}" already present on machine`);
      return present;
    }
    return this.pull(image, request);
  }

  private async inspect(image: string, request: ImageRequest): Promise<cri.Image | undefined> {
    try {
      return await this.ports.runtime.imageStatus(image, request.runtimeHandler);
    } catch (error) {
      const message = `Failed to inspect image "${image}": ${messageOf(error)}`;
      request.emit("Warning", "InspectFailed", message);
      throw new StartError("ImageInspectError", message);
    }
  }

  private async pull(image: string, request: ImageRequest): Promise<cri.Image> {
    const { clock } = this.ports;
    const key = `${request.pod.metadata.uid}_${image}`;
    if (this.backoff.remaining_ms(key, this.failedAt(key), clock.now()) > 0) {
      const message = `Back-off pulling image "${image}"${this.failures.has(key) ? `: ${this.failures.get(key)}` : ""}`;
      request.emit("Normal", "BackOff", `Back-off pulling image "${image}"`);
      throw new StartError("ImagePullBackOff", message);
    }
    request.emit("Normal", "Pulling", `Pulling image "${image}"`);
    const began_ms = clock.monotonic();
    try {
      await this.pullOnce(image, request);
    } catch (error) {
      if (request.signal.aborted) throw error;
      this.backoff.next(key, clock.now());
      this.failed.set(key, clock.now());
      const message = `failed to pull and unpack image "${image}": ${messageOf(error)}`;
      this.failures.set(key, `ErrImagePull: ${message}`);
      request.emit("Warning", "Failed", `Failed to pull image "${image}": ${messageOf(error)}`);
      throw new StartError("ErrImagePull", message);
    }
    this.backoff.forget(key);
    this.failures.delete(key);
    this.failed.delete(key);
    const took_ms = Math.round(clock.monotonic() - began_ms);
    const found = (await this.inspect(image, request)) ?? cri.Image.fromPartial({ id: image });
    request.emit(
      "Normal",
      "Pulled",
      `Successfully pulled image "${image}" in ${took_ms}ms (${took_ms}ms including waiting). Image size: ${found.size} bytes.`,
    );
    return found;
  }

  private failedAt(key: string): number {
    return this.failed.get(key) ?? Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds until the pod's next pull may be tried. */
  remaining_ms(uid: string): number {
    let least = Number.POSITIVE_INFINITY;
    for (const [key, at_ms] of this.failed) {
      if (!key.startsWith(`${uid}_`)) continue;
      const left_ms = this.backoff.remaining_ms(key, at_ms, this.ports.clock.now());
      if (left_ms > 0) least = Math.min(least, left_ms);
    }
    return least;
  }

  forget(uid: string): void {
    this.backoff.forget(`${uid}_`);
    for (const key of this.failed.keys()) if (key.startsWith(`${uid}_`)) this.failed.delete(key);
    for (const key of this.failures.keys()) if (key.startsWith(`${uid}_`)) this.failures.delete(key);
  }

  /** One pull per image at a time; pods with the same secrets share it. */
  private pullOnce(image: string, request: ImageRequest): Promise<string> {
    const credentials = pullCredentials(image, request.secrets);
    const key = `${image} ${JSON.stringify(credentials)}`;
    const running = this.pulling.get(key);
    if (running) return running;
    const pull = this.tryCredentials(image, credentials, request).finally(() => this.pulling.delete(key));
    this.pulling.set(key, pull);
    return pull;
  }

  private async tryCredentials(image: string, credentials: cri.AuthConfig[], request: ImageRequest): Promise<string> {
    let failure: unknown;
    for (const auth of credentials.length ? credentials : [undefined]) {
      try {
        const spec = cri.ImageSpec.fromPartial({
          image,
          userSpecifiedImage: request.container.image ?? "",
          runtimeHandler: request.runtimeHandler,
        });
        return await this.ports.runtime.pullImage({ image: spec, auth, sandboxConfig: request.sandbox });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
