import type { Version, WatchSink } from "@flotilla/mvcc";
import type { Rules } from "@flotilla/raft";
import type { Member } from "../member.ts";
import type { SimDisk } from "./disk.ts";
import type { World } from "./world.ts";

interface PlantedBug {
  readonly rules?: Partial<Rules>;
  readonly disk?: (disk: SimDisk) => void;
  /** Called with each process that starts. */
  readonly member?: (member: Member, world: World) => void;
  /** What the checkers say that have found it. */
  readonly found: RegExp;
}

const RAFT =
  /election safety|state machine safety|leader completeness|log matching|two leaders|conflicts with a committed one|beyond the log's end/;

/**
 * Bugs to put into a cluster, to see that the checkers find them. Those of the
 * core alone (a vote given twice, an old entry committed by counting) are in
 * packages/raft, where a seed costs a fiftieth.
 */
const BUGS = {
  "a vote for an older log": { rules: { isUpToDate: () => true }, found: RAFT },
  "an acknowledgement before the sync": {
    disk: (disk) => {
      disk.lies = true;
    },
    found: new RegExp(`${RAFT.source}|is not there|not linearizable|does not agree|does not start|is unreadable`),
  },
  "a leader's read that no majority has confirmed": {
    member({ replica }) {
      replica.linearizable = (run) => run(undefined);
    },
    found: /not linearizable|after client .* had been answered/,
  },
  "a watch that drops an event": {
    member({ replica }, world) {
      wrapSinks(replica.machine.watch, (versions) => (world.chance(0.02) ? versions.slice(1) : versions));
    },
    found: /is missing|never came|was told before/,
  },
  "a watch that sends an event twice": {
    member({ replica }, world) {
      wrapSinks(replica.machine.watch, (versions) => (world.chance(0.02) ? [...versions, ...versions.slice(-1)] : versions));
    },
    found: /came twice/,
  },
  "a member that applies a command otherwise": {
    member({ replica: { machine } }, world) {
      const apply = machine.apply.bind(machine);
      let broken = false;
      machine.apply = (command, decoded, now_ms) => {
        if (command.kind !== "put" || broken || !world.chance(0.01)) return apply(command, decoded, now_ms);
        broken = true;
        throw new Error("skipped");
      };
    },
    found: /has another revision|writes revision/,
  },
} as const satisfies Record<string, PlantedBug>;

export type Plant = keyof typeof BUGS;
export const PLANTS: Readonly<Record<Plant, PlantedBug>> = BUGS;

/** Changes what a hub's watchers are sent. */
function wrapSinks(hub: Member["replica"]["machine"]["watch"], change: (versions: Version[]) => Version[]): void {
  const watch = hub.watch.bind(hub);
  hub.watch = (spec, sink) => {
    const wrapped: WatchSink = {
      writable: () => sink.writable(),
      compacted: (watcher, revision) => sink.compacted(watcher, revision),
      events(watcher, versions) {
        const changed = change(versions);
        if (changed.length > 0) sink.events(watcher, changed);
      },
    };
    return watch(spec, wrapped);
  };
}
