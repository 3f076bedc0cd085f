import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Image, ListImagesReply } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import type { Command } from "commander";
import { type Context, proto, withControl } from "../context.ts";
import { table } from "../display.ts";
import { UsageError } from "../settings.ts";
import { common } from "./common.ts";

const collect = (value: string, before: string[]) => [...before, value];

/** image add | ls | rm | load */
export function imageCommands(program: Command, context: Context): void {
  const image = program.command("image").summary("images of the process runtime, and loading archives into Docker");

  common(image.command("add <image>"))
    .summary("make a folder or tar archive an image of the process runtime")
    .requiredOption("--path <path>", "the image's root: a folder, used in place, or a tar archive, unpacked")
    .option("--entrypoint <word>", "one word of the entry point; give it again for more", collect, [])
    .option("--cmd <word>", "one word of the default arguments; give it again for more", collect, [])
    .option("--env <KEY=value>", "an environment variable; give it again for more", collect, [])
    .option("--workdir <dir>", "where the process starts", "")
    .action((name: string, options) =>
      withControl(context, options, async ({ control }) => {
        const request = {
          path: resolve(options.path),
          image: {
            name,
            rootfs: "",
            entrypoint: options.entrypoint,
            cmd: options.cmd,
            env: environment(options.env),
            workdir: options.workdir,
          },
        };
        const added = await control.call<object, Image>(proto.addImage, request);
        context.print(`${added.name}\n`);
      }),
    );

  common(image.command("ls"))
    .summary("list the images of the process runtime")
    .action((options) =>
      withControl(context, options, async ({ control, settings }) => {
        const { images } = await control.call<object, ListImagesReply>(proto.listImages, {});
        if (settings.output === "json") context.print(`${JSON.stringify(images, null, 2)}\n`);
        else context.print(table([["IMAGE", "ROOT"], ...images.map(({ name, rootfs }) => [name, rootfs])]));
      }),
    );

  common(image.command("rm <image>"))
    .summary("remove an image of the process runtime")
    .action((name: string, options) =>
      withControl(context, options, async ({ control }) => {
        await control.call(proto.removeImage, { name });
      }),
    );

  image
    .command("load <archive>")
    .summary("load an archive of `docker save` into Docker, for all workers")
    .action(async (archive: string) => {
      if (!existsSync(archive)) throw new UsageError(`${archive}: there is no such file`);
      process.exitCode = await dockerLoad(archive, context.around);
    });
}

function environment(pairs: string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--env "${pair}": use KEY=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** Workers share the host's Docker, so its own client does the loading. */
function dockerLoad(archive: string, around: Context["around"]): Promise<number> {
  return new Promise((done, reject) => {
    const env = { PATH: around.path, HOME: around.home, ...(around.dockerHost ? { DOCKER_HOST: around.dockerHost } : {}) };
    const child = spawn("docker", ["load", "-i", archive], { stdio: "inherit", env });
    child.on("error", (error) =>
      reject(new Error(`docker: ${error.message}; for the process runtime use: flotilla image add NAME --path ${archive}`)),
    );
    child.on("exit", (code) => done(code ?? 1));
  });
}
