import { seededRandom } from "@flotilla/base";
import { type Message, RawNode } from "@flotilla/raft";

const conf = { voters: [1, 2, 3], outgoing: [], learners: [], learnersNext: [] };
const nodes = new Map([1, 2, 3].map((id) => [id, new RawNode({ id, random: seededRandom(id), snapshot: { index: 1, term: 1, conf } })]));
const network: Message[] = [];
/** What happened, a line per applied entry. */
export const applied: string[] = [];

/** One node's duties: send, persist, send what waited for the disk, apply. */
function handle(id: number, node: RawNode): void {
  const ready = node.ready();
  network.push(...ready.messages);
  // Here a real program writes ready.hardState and ready.entries, and syncs.
  node.persisted(ready.token);
  network.push(...ready.afterPersist);
  for (const entry of ready.committed) if (entry.data.length > 0) applied.push(`node ${id} applies ${Buffer.from(entry.data)}`);
}

for (let turn = 0; turn < 100; turn++) {
  for (const [id, node] of nodes) {
    node.tick();
    if (node.role === "leader" && node.log.lastIndex < 3) node.propose([{ kind: "normal", data: Buffer.from("hello") }]);
    while (node.hasReady()) handle(id, node);
  }
  for (const message of network.splice(0)) nodes.get(message.to)?.step(message);
}
