import assert from "node:assert/strict";
import { test } from "node:test";
import { Traffic } from "../peer/traffic.ts";
import { peerMetrics } from "./peers.ts";
import { counter, exponential, Histogram } from "./text.ts";

test("metrics are written as Prometheus reads them", () => {
  const h = new Histogram(exponential(1, 2, 3));
  for (const v of [0.5, 2, 3, 9]) h.observe(v);
  assert.equal(
    h.text("h", "A histogram."),
    '# HELP h A histogram.\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="2"} 2\nh_bucket{le="4"} 3\nh_bucket{le="+Inf"} 4\nh_sum 14.5\nh_count 4',
  );
  assert.equal(counter("c", "C.", [[{ a: 'x"\\\n', b: "" }, 2]]), '# HELP c C.\n# TYPE c counter\nc{a="x\\"\\\\\\n",b=""} 2');
});

test("traffic is told by member, in hexadecimal as etcd's ids are", () => {
  const traffic = new Traffic();
  traffic.sent_bytes = 7;
  traffic.roundTrip.observe(0.0002);
  const text = peerMetrics([[255, traffic]], new Map([[16, 3]])).join("\n");
  for (const line of [
    'etcd_network_peer_sent_bytes_total{To="ff"} 7',
    'etcd_network_peer_received_bytes_total{From="10"} 3',
    'etcd_network_peer_sent_failures_total{To="ff"} 0',
    'etcd_network_peer_round_trip_time_seconds_bucket{To="ff",le="0.0001"} 0',
    'etcd_network_peer_round_trip_time_seconds_count{To="ff"} 1',
  ]) {
    assert.ok(text.split("\n").includes(line), line);
  }
});
