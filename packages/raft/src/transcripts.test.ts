import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runTranscript } from "@flotilla/testing/datadriven.ts";
import { TranscriptCluster } from "./testing/transcript.ts";

// Rewrite the expected output with UPDATE_TESTDATA=1 and read the difference.
const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "testdata");

for (const name of readdirSync(folder)) {
  test(name, () => {
    const cluster = new TranscriptCluster();
    runTranscript(join(folder, name), (command) => cluster.run(command));
  });
}
