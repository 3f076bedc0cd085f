import { statfs } from "node:fs/promises";
import { criErrors } from "@flotilla/cri";
import type { AuthConfig, FilesystemUsage, Image } from "@flotilla/cri/messages.ts";
import { nanos } from "@flotilla/cri/time.ts";
import type { ImageInfo, ImageInspectInfo } from "dockerode";
import { daemon, daemonMessage, quietly, statusOf } from "./api.ts";
import type { DockerContext } from "./context.ts";

/** How long a name's image id is believed without asking the daemon: a pod's start asks twice within it. */
const NAME_LIFE_MS = 2000;
const NAMES_MAX = 1000;

export function createImages(context: DockerContext) {
  const { docker } = context;
  const ids = new Map<string, { id: string; until_ms: number }>();

  const remember = (name: string, id: string) => {
    if (ids.size >= NAMES_MAX) ids.clear();
    ids.set(name, { id, until_ms: context.clock.monotonic() + NAME_LIFE_MS });
  };

  const inspect = async (name: string): Promise<ImageInspectInfo | undefined> => {
    try {
      const image = await docker.getImage(name).inspect();
      remember(name, image.Id);
      remember(image.Id, image.Id);
      return image;
    } catch (error) {
      if (statusOf(error) === 404 || statusOf(error) === 400) return undefined;
      throw criErrors.failed(`inspect image "${name}"`, daemonMessage(error));
    }
  };

  return {
    /** The id behind a name or id; undefined when the daemon does not have it. */
    async idOf(name: string): Promise<string | undefined> {
      const known = ids.get(name);
      if (known && known.until_ms > context.clock.monotonic()) return known.id;
      return (await inspect(name))?.Id;
    },

    async status(name: string): Promise<Image | undefined> {
      const image = await inspect(name);
      return image && fromInspect(image);
    },

    async list(name: string): Promise<Image[]> {
      const filters = name ? { reference: [name] } : undefined;
      const found: ImageInfo[] = await daemon("list images", docker.listImages(filters ? { filters: JSON.stringify(filters) } : {}));
      return found.map(fromList);
    },

    async pull(name: string, auth: AuthConfig | undefined): Promise<string> {
      const reference = /:[^/]*$|@/.test(name) ? name : `${name}:latest`; // without a tag Docker would pull all of them
      try {
        const output = await docker.pull(reference, { authconfig: authOf(auth) });
        await new Promise<void>((resolve, reject) => docker.modem.followProgress(output, (error) => (error ? reject(error) : resolve())));
      } catch (error) {
        throw criErrors.failed(`failed to pull image "${name}"`, `Error response from daemon: ${daemonMessage(error)}`);
      }
      const image = await inspect(reference);
      if (!image) throw criErrors.imageNotFound(name);
      return image.Id;
    },

    async remove(name: string): Promise<void> {
      ids.clear();
      const image = await inspect(name);
      if (!image) return;
      ids.clear();
      // An id with several tags is only removed when each of them is.
      const names = name === image.Id || image.Id.startsWith(name) ? (image.RepoTags ?? []) : [name];
      for (const tag of names.length > 0 ? names : [image.Id]) {
        await daemon(`failed to remove image "${name}"`, quietly(docker.getImage(tag).remove(), [404]));
      }
    },

    async fsInfo(): Promise<FilesystemUsage[]> {
      const images: ImageInfo[] = await daemon("list images", docker.listImages({}));
      const used = images.reduce((sum, image) => sum + image.Size, 0);
      const fs = await statfs(context.dockerRootDir).catch(() => undefined);
      return [
        {
          timestamp: nanos(context.clock.now()),
          fsId: { mountpoint: context.dockerRootDir },
          usedBytes: { value: used },
          inodesUsed: { value: fs ? fs.files - fs.ffree : 0 },
        },
      ];
    },
  };
}

export type Images = ReturnType<typeof createImages>;

function authOf(auth: AuthConfig | undefined) {
  if (!auth) return undefined;
  let { username, password } = auth;
  if (auth.auth) [username = "", password = ""] = Buffer.from(auth.auth, "base64").toString().split(/:(.*)/s);
  return {
    ...{ username, password },
    serveraddress: auth.serverAddress,
    identitytoken: auth.identityToken,
    registrytoken: auth.registryToken,
  } as { username: string; password: string; serveraddress: string };
}

const real = (tags: string[] | null | undefined) => (tags ?? []).filter((tag) => !tag.startsWith("<none>"));

function fromList(image: ImageInfo): Image {
  return {
    id: image.Id,
    repoTags: real(image.RepoTags),
    repoDigests: real(image.RepoDigests),
    size: image.Size,
    uid: undefined,
    username: "",
    spec: undefined,
  };
}

function fromInspect(image: ImageInspectInfo): Image {
  const [user = ""] = (image.Config?.User ?? "").split(":");
  const numeric = user === "" || /^\d+$/.test(user);
  return {
    id: image.Id,
    repoTags: real(image.RepoTags),
    repoDigests: real(image.RepoDigests),
    size: image.Size,
    uid: numeric ? { value: Number(user || "0") } : undefined,
    username: numeric ? "" : user,
    spec: undefined,
  };
}
