import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { addArchive } from "./archive.ts";
import { addImage, findImage, listImages, normalizeImage, removeImage } from "./images.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "flotilla-images-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("names are completed as Docker completes them", () => {
  for (const [given, full] of [
    ["web", "web:latest"],
    ["docker.io/library/web", "web:latest"],
    ["localhost:5000/a/b", "localhost:5000/a/b:latest"],
    ["localhost:5000/a/b:1", "localhost:5000/a/b:1"],
    ["a@sha256:0123", "a@sha256:0123"],
  ] as const) {
    assert.equal(normalizeImage(given), full);
  }
});

test("an image is found by name and id, replaced, listed and removed", async () => {
  const first = await addImage(join(dir, "images"), { name: "app", rootfs: dir, entrypoint: ["/run"] });
  assert.deepEqual(await findImage(join(dir, "images"), "app:latest"), first);
  assert.deepEqual(await findImage(join(dir, "images"), first.id), first);
  const second = await addImage(join(dir, "images"), { name: "app", rootfs: dir, entrypoint: ["/other"] });
  assert.notEqual(second.id, first.id);
  assert.deepEqual(
    (await listImages(join(dir, "images"))).map((i) => i.entrypoint),
    [["/other"]],
  );
  assert.equal(await removeImage(join(dir, "images"), "app"), true);
  assert.equal(await removeImage(join(dir, "images"), "app"), false);
  assert.deepEqual(await listImages(join(dir, "images")), []);
});

test("a wrong root file system is refused", async () => {
  await assert.rejects(addImage(dir, { name: "x", rootfs: "relative" }), /must be an absolute path/);
  await assert.rejects(addImage(dir, { name: "x", rootfs: "/no/such/folder" }), /is not a folder/);
});

test("an exported file system becomes an image; adding it again replaces its files", async () => {
  const root = join(dir, "root");
  mkdirSync(root);
  for (const text of ["one", "two"]) {
    writeFileSync(join(root, "f"), text);
    execFileSync("tar", ["-czf", join(dir, "a.tar.gz"), "-C", root, "."]);
    const image = await addArchive(join(dir, "images"), join(dir, "a.tar.gz"), { name: "app:1", cmd: ["/f"] });
    assert.equal(readFileSync(join(image.rootfs, "f"), "utf8"), text);
    assert.deepEqual(image.cmd, ["/f"]);
  }
});

test("a saved image brings its layers, what they remove, and its defaults", async () => {
  const saved = join(dir, "saved");
  const layer = (name: string, files: Record<string, string>) => {
    const folder = join(dir, name);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    mkdirSync(join(saved, name), { recursive: true });
    execFileSync("tar", ["-cf", join(saved, name, "layer.tar"), "-C", folder, "."]);
    return `${name}/layer.tar`;
  };
  const Layers = [layer("l1", { "etc/keep": "1", "etc/gone": "1" }), layer("l2", { "etc/.wh.gone": "", new: "2" })];
  writeFileSync(
    join(saved, "config.json"),
    JSON.stringify({ config: { Entrypoint: ["/bin/app"], Env: ["A=b"], User: "7", WorkingDir: "/w" } }),
  );
  writeFileSync(join(saved, "manifest.json"), JSON.stringify([{ Config: "config.json", Layers }]));
  execFileSync("tar", ["-cf", join(dir, "s.tar"), "-C", saved, "."]);
  const image = await addArchive(join(dir, "images"), join(dir, "s.tar"), { name: "app", cmd: ["-x"] });
  assert.deepEqual([image.entrypoint, image.cmd, image.env, image.user, image.workdir], [["/bin/app"], ["-x"], ["A=b"], "7", "/w"]);
  const has = (path: string) => existsSync(join(image.rootfs, path));
  assert.deepEqual(
    [has("etc/keep"), has("etc/gone"), has("new"), has("etc/.wh.gone"), has("manifest.json")],
    [true, false, true, false, false],
  );
});

test("a file that is no archive is refused, and leaves nothing behind", async () => {
  writeFileSync(join(dir, "x.tar"), "not an archive");
  await assert.rejects(addArchive(join(dir, "images"), join(dir, "x.tar"), { name: "app" }), /is not a tar archive/);
  assert.deepEqual(await listImages(join(dir, "images")), []);
});
