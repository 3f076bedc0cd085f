// Sessions of the real kubectl, every version that is here, against one cluster of plain processes.
// Each session is played by the oldest, the newest and one kubectl between, in turn (the later ones by the newest and one other); KUBECTLS=all plays it by all.
// Rewrite what they print with UPDATE_TESTDATA=1 (which plays all) and read the difference.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { TestCluster } from "../support/cluster.ts";
import { busyboxRootfs } from "../support/images.ts";
import { run } from "../support/run.ts";
import { normalize, readTranscript, type Step, writeTranscript } from "../support/transcript.ts";

const SESSIONS = join(import.meta.dirname, "sessions");
const FOLDERS = ["/usr/lib/google-cloud-sdk/bin", "/usr/local/bin", "/usr/bin"];
const UPDATE = process.env["UPDATE_TESTDATA"] === "1";

/** "1.27" → path, oldest first: those the transcripts speak of. */
const KUBECTLS = new Map(
  FOLDERS.filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => [/^kubectl\.(1\.\d+)$/.exec(name)?.[1], join(folder, name)] as const))
    .filter((found): found is [string, string] => found[0] !== undefined)
    .sort(([a], [b]) => Number(a.slice(2)) - Number(b.slice(2))),
);

/** "2-apply.txt" before "10-access.txt". */
const byNumber = (a: string, b: string) => Number.parseInt(a, 10) - Number.parseInt(b, 10);

/** The sessions from this place on are longer and speak less of differences: two versions play each. */
const LONG_FROM = 7;

/** Versions that play the session at this place. */
function playersOf(place: number): string[] {
  const all = [...KUBECTLS.keys()];
  if (UPDATE || process.env["KUBECTLS"] === "all" || all.length < 3) return all;
  if (place >= LONG_FROM) return [all[place % (all.length - 1)]!, all.at(-1)!];
  return [all[0]!, all[1 + (place % (all.length - 2))]!, all.at(-1)!];
}

describe("kubectl sessions", { concurrency: 1, skip: KUBECTLS.size === 0 && "no kubectl.1.NN here" }, () => {
  const cluster = new TestCluster("e2e-sessions");
  const rootfs = busyboxRootfs();
  const bin = mkdtempSync(join(tmpdir(), "flotilla-kubectl-"));
  const printed = new Map<string, Map<string, string[]>>();

  before(async () => {
    for (const [version, path] of KUBECTLS) {
      mkdirSync(join(bin, version));
      symlinkSync(path, join(bin, version, "kubectl"));
    }
    await cluster.flotilla(["up", "--runtime", "process", "--control-planes", "1", "--workers", "1", "--failover", "fast"], {
      timeout_ms: 120_000,
    });
    await cluster.flotilla(["image", "add", "busybox:1", "--path", rootfs]);
    await cluster.flotilla(["image", "add", "busybox:2", "--path", rootfs]);
  });
  after(async () => {
    await cluster.destroy();
    rmSync(rootfs, { recursive: true, force: true });
    rmSync(bin, { recursive: true, force: true });
  });

  /** One step in namespace demo; a failing command's code is part of what it says. */
  async function play(version: string, { command }: Step): Promise<string> {
    const folder = join(bin, version);
    // kubectl edit leaves what could not be saved among the temporary files: there it is cleared away at the end.
    const env = { ...cluster.environment, PATH: `${folder}:${process.env["PATH"]}`, TMPDIR: bin };
    const options = { cwd: bin, env, timeout_ms: 60_000 };
    const { code, stdout } = await run("sh", ["-c", `exec 2>&1\n${command}\n`], options);
    return normalize(code === 0 ? stdout : `${stdout.trimEnd()}\n(exit ${code})`);
  }

  for (const [place, file] of readdirSync(SESSIONS).sort(byNumber).entries()) {
    const path = join(SESSIONS, file);
    const name = file.replace(/\.txt$/, "");
    const steps = readTranscript(path);
    for (const version of playersOf(place)) {
      test(`${name}, kubectl ${version}`, async () => {
        const namespace = async (verb: string) => {
          const done = await cluster.tryKubectl([verb, "namespace", "demo", ...(verb === "delete" ? ["--timeout=60s"] : [])]);
          assert.equal(done.code, 0, done.stderr);
        };
        await namespace("create");
        await cluster.kubectl("config", "set-context", "--current", "--namespace=demo");
        const outputs: string[] = [];
        for (const step of steps) outputs.push(await play(version, step));
        // Their grace period is nothing to wait for.
        await cluster.kubectl("delete", "deployments,replicasets,pods", "--all", "--force", "--grace-period=0");
        await namespace("delete");
        printed.set(name, (printed.get(name) ?? new Map()).set(version, outputs));
        if (UPDATE) return;
        for (const [index, step] of steps.entries()) {
          const expected = step.answers.get(version) ?? step.answers.get("")!;
          assert.equal(outputs[index], expected, `$ ${step.command}`);
        }
      });
    }
    test(`${name} is written anew`, { skip: !UPDATE && "UPDATE_TESTDATA is not set" }, () => {
      writeTranscript(path, steps, printed.get(name)!);
    });
  }
});
