/** Switches a real member's faults. */
import { encodeSetRequest } from "../faults/codec.ts";
import { FAULTS_PATH } from "../faults/service.ts";
import { type FaultSet, LINK_OK, type LinkFault } from "../faults/state.ts";
import { StoreClient } from "./client.ts";

export class FaultsClient {
  private readonly client: StoreClient;

  /** Faults are served where the peers are. */
  constructor(peerUrl: string) {
    this.client = new StoreClient(peerUrl);
  }

  async set(faults: Partial<FaultSet>): Promise<void> {
    await this.client.call(`${FAULTS_PATH}/SetFaults`, encodeSetRequest(faults));
  }

  async clear(): Promise<void> {
    await this.client.call(`${FAULTS_PATH}/ClearFaults`, Buffer.alloc(0));
  }

  close(): void {
    this.client.close();
  }
}

export const link = (over: Partial<LinkFault>): LinkFault => ({ ...LINK_OK, ...over });
