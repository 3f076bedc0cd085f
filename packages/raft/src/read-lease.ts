/**
 * Reads without asking anybody (dissertation §6.4.1). Members that have heard a
 * heartbeat elect nobody for an election time-out, so from the moment at which a
 * heartbeat was sent that a majority has answered, this leader is the only one
 * for that long, less what clocks may differ.
 *
 * It rests on more than the rest of Raft does: on clocks that run at about the
 * same rate, and on every member of the group knowing that leases are in use.
 * They elect nobody in the first election time-out after their start, since they
 * may have answered a heartbeat before it, and trust no sign but time that a
 * leader has gone. A leader that has begun to hand over reads by asking again.
 */
export class ReadLease {
  private readonly length_ticks: number;
  private now_ticks = 0;
  private until_ticks = 0;
  /** Heartbeat rounds that may still be confirmed, and when they were sent. */
  private sent: { round: number; at_ticks: number }[] = [];

  constructor(length_ticks: number) {
    this.length_ticks = length_ticks;
  }

  get holds(): boolean {
    return this.now_ticks < this.until_ticks;
  }

  tick(): void {
    this.now_ticks++;
    while (this.sent.length > 0 && this.sent[0]!.at_ticks + this.length_ticks <= this.now_ticks) this.sent.shift();
  }

  /** A heartbeat of this round goes out. */
  sending(round: number): void {
    this.sent.push({ round, at_ticks: this.now_ticks });
  }

  /** A majority has answered this round. */
  confirmed(round: number): void {
    while (this.sent.length > 0 && this.sent[0]!.round <= round) this.until_ticks = this.sent.shift()!.at_ticks + this.length_ticks;
  }

  /** Whatever the lease rested on has changed: a new one must be confirmed. */
  drop(): void {
    this.until_ticks = 0;
    this.sent = [];
  }
}
