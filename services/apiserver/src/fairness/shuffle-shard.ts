/**
 * Shuffle sharding: each flow is dealt a small hand of a level's queues, so that two flows rarely
 * share all of theirs; a flow that floods fills its hand, and the others find a free queue in theirs
 * (KEP-1040, util/shufflesharding).
 */
export function deal(flow: string, queues: number, handSize: number): number[] {
  let entropy = hash53(flow);
  const hand: number[] = [];
  for (let left = queues; hand.length < Math.min(handSize, queues); left--) {
    let card = entropy % left;
    entropy = Math.floor(entropy / left);
    // The nth card of those that are left: count past the ones dealt before, in their order.
    for (const dealt of [...hand].sort((a, b) => a - b)) if (card >= dealt) card++;
    hand.push(card);
  }
  return hand;
}

/** FNV-1a twice, put together to 53 bits: enough for a hand of 8 out of 64 queues. */
function hash53(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code ^ (low >>> 16), 0x01000193);
  }
  return (mix(high) >>> 11) * 2 ** 32 + (mix(low) >>> 0);
}

function mix(value: number): number {
  let v = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  v = Math.imul(v ^ (v >>> 13), 0xc2b2ae35);
  return v ^ (v >>> 16);
}
