/** The functions of a Kubernetes API server's CEL environment. */
import type { Library } from "../functions.ts";
import { CONVERSIONS } from "./conversions.ts";
import { FORMATS } from "./formats.ts";
import { LISTS } from "./lists.ts";
import { NETWORK } from "./network.ts";
import { OPERATORS } from "./operators.ts";
import { OPTIONALS } from "./optionals.ts";
import { QUANTITIES } from "./quantity.ts";
import { REGEX } from "./regex.ts";
import { SEMVERS } from "./semver.ts";
import { SETS } from "./sets.ts";
import { STRINGS } from "./strings.ts";
import { TIMES } from "./times.ts";
import { URLS } from "./url.ts";

export const KUBERNETES: readonly Library[] = [
  OPERATORS,
  CONVERSIONS,
  TIMES,
  STRINGS,
  LISTS,
  SETS,
  REGEX,
  OPTIONALS,
  URLS,
  QUANTITIES,
  SEMVERS,
  NETWORK,
  FORMATS,
];
