import { apiError } from "@flotilla/api";

/** How the client wants its answer. */
export interface Format {
  media: "json" | "protobuf" | "yaml";
  as: "object" | "table" | "metadata" | "metadata-list";
  /** meta.k8s.io version of Table and PartialObjectMetadata. */
  version: "v1" | "v1beta1";
}

const JSON_OBJECT: Format = { media: "json", as: "object", version: "v1" };
const MEDIA: Record<string, Format["media"]> = {
  "application/json": "json",
  "application/*": "json",
  "*/*": "json",
  "application/yaml": "yaml",
  "application/vnd.kubernetes.protobuf": "protobuf",
};
const TRANSFORMS: Record<string, Format["as"]> = {
  Table: "table",
  PartialObjectMetadata: "metadata",
  PartialObjectMetadataList: "metadata-list",
};

/**
 * The first acceptable entry of Accept, in its order.
 * @param protobuf whether the object has a protobuf form; custom resources have none.
 * @param transforms whether it can be shown as a Table or by its metadata alone; reviews, which nothing keeps, can't.
 * @throws ApiError NotAcceptable
 */
export function negotiate(accept: string | undefined, protobuf: boolean, transforms = true): Format {
  if (!accept || accept === "application/json" || accept === "*/*") return JSON_OBJECT;
  for (const entry of accept.split(",")) {
    const format = formatOf(entry);
    if (format && (protobuf || format.media !== "protobuf") && (transforms || format.as === "object")) return format;
  }
  const known = `application/json, application/yaml${protobuf ? ", application/vnd.kubernetes.protobuf" : ""}`;
  throw apiError("NotAcceptable", `only the following media types are accepted: ${known}`);
}

function formatOf(entry: string): Format | undefined {
  const [type, ...rest] = entry.split(";").map((part) => part.trim());
  const media = MEDIA[type!.toLowerCase()];
  if (!media) return undefined;
  const parameters = new Map(rest.map((part) => part.split("=", 2) as [string, string]));
  const transform = parameters.get("as");
  if (transform === undefined) return { media, as: "object", version: "v1" };
  const as = TRANSFORMS[transform];
  const version = parameters.get("v");
  // Upstream's Table has no protobuf form either.
  if (as === "table" && media === "protobuf") return undefined;
  if (!as || parameters.get("g") !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return undefined;
  return { media, as, version };
}
