/** Takes out what a structural schema does not know, and puts in what it gives by default. */

import { cloneJson, setMember } from "../json-equal.ts";
import type { ConformResult } from "../schema/conform.ts";
import { conform, DecodeError, isObject, pathText } from "../schema/conform.ts";
import { structOf } from "../schema/schema.ts";
import { memberOf, type Structural } from "./structural.ts";

const UNKNOWN_MAX = 100;
const DEPTH_MAX = 1_000;
/** Always there, whatever the schema says of them. */
const TYPE_FIELDS = new Set(["apiVersion", "kind", "metadata"]);

/** In place. @throws DecodeError when metadata is not of its type, or the nesting too deep. */
export function pruneObject(schema: Structural, tree: Record<string, unknown>): ConformResult {
  const pruner = new Pruner();
  pruner.resource(schema, tree);
  return pruner;
}

class Pruner implements ConformResult {
  readonly unknown: string[] = [];
  keys = 0;
  readonly #path: (string | number)[] = [];

  /** The object itself, and resources embedded in it. */
  resource(schema: Structural, tree: Record<string, unknown>): void {
    const { metadata } = tree;
    if (metadata === null) delete tree["metadata"];
    else if (metadata !== undefined) {
      if (!isObject(metadata))
        throw new DecodeError(`json: cannot unmarshal ${jsonType(metadata)} into Go struct field .metadata of type v1.ObjectMeta`);
      const { unknown, keys } = conform(structOf("meta/v1.ObjectMeta"), metadata);
      this.keys += keys;
      for (const field of unknown) this.#note([...this.#path, "metadata", field]);
    }
    this.#object(schema, tree, true);
  }

  #object(schema: Structural, tree: Record<string, unknown>, isResource: boolean): void {
    if (this.#path.length > DEPTH_MAX) throw new DecodeError("exceeded max depth");
    for (const name of Object.keys(tree)) {
      this.keys++;
      if (isResource && TYPE_FIELDS.has(name)) continue;
      this.#path.push(name);
      const member = memberOf(schema, name);
      if (member) this.#value(member, tree[name]);
      else if (schema.preserve || schema.additional === true) this.#count(tree[name]);
      else {
        this.#count(tree[name]);
        this.#note(this.#path);
        delete tree[name];
      }
      this.#path.pop();
    }
  }

  #value(schema: Structural, value: unknown): void {
    if (Array.isArray(value)) {
      if (!schema.items) return this.#count(value);
      for (const [index, item] of value.entries()) {
        this.#path.push(index);
        this.#value(schema.items, item);
        this.#path.pop();
      }
    } else if (isObject(value)) {
      if (schema.embedded) this.resource(schema, value);
      else this.#object(schema, value, false);
    }
  }

  #note(path: readonly (string | number)[]): void {
    if (this.unknown.length < UNKNOWN_MAX) this.unknown.push(pathText(path));
  }

  #count(value: unknown, depth = this.#path.length): void {
    if (depth > DEPTH_MAX) throw new DecodeError("exceeded max depth");
    if (Array.isArray(value)) for (const item of value) this.#count(item, depth + 1);
    else if (isObject(value)) {
      for (const name in value) {
        this.keys++;
        this.#count(value[name], depth + 1);
      }
    }
  }
}

const jsonType = (value: unknown): string => (Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value);

/** In place: members that are missing, or null where null may not be, get their defaults; items and values likewise. */
export function defaultObject(schema: Structural, value: unknown): void {
  if (!schema.hasDefaults) return;
  if (Array.isArray(value)) {
    if (!schema.items) return;
    for (const [index, item] of value.entries()) {
      if (item === null && !schema.items.nullable && schema.items.defaultValue !== undefined)
        value[index] = cloneJson(schema.items.defaultValue);
      defaultObject(schema.items, value[index]);
    }
  } else if (isObject(value)) {
    for (const [name, member] of schema.properties) {
      if (member.defaultValue === undefined) continue;
      const present = Object.hasOwn(value, name) ? value[name] : undefined;
      if (present === undefined || (present === null && !member.nullable)) setMember(value, name, cloneJson(member.defaultValue));
    }
    for (const name of Object.keys(value)) {
      const member = memberOf(schema, name);
      if (!member) continue;
      if (value[name] === null && !member.nullable && member.defaultValue !== undefined) value[name] = cloneJson(member.defaultValue);
      defaultObject(member, value[name]);
    }
  }
}
