/**
 * OpenAPI v2 as protobuf: message Document of gnostic's openapi_v2.proto, which kubectl up to 1.28 asks for. JSON values
 * that have no message of their own (extensions, defaults, enums) travel as YAML text in an Any.
 */
import { ProtoWriter } from "../protobuf/writer.ts";
import type { SwaggerDocument } from "./v2.ts";

type Json = Record<string, any>;

/** Media type of upstream without its "@", which Go's parser of media types refuses. */
export const OPENAPI_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

export function encodeSwagger(document: SwaggerDocument): Uint8Array {
  const writer = new ProtoWriter();
  writer.text(1, document.swagger);
  message(writer, 2, () => {
    writer.text(1, document.info.title);
    writer.text(2, document.info.version);
  });
  message(writer, 8, () => {
    for (const [path, item] of Object.entries(document.paths)) named(writer, 2, path, () => pathItem(writer, item));
  });
  message(writer, 9, () => {
    for (const [name, schema] of Object.entries(document.definitions)) named(writer, 1, name, () => writeSchema(writer, schema));
  });
  return writer.finish();
}

function message(writer: ProtoWriter, field: number, write: () => void): void {
  const start = writer.begin(field);
  write();
  writer.end(start);
}

/** NamedX {name = 1, value = 2}: gnostic's maps, which keep their order. */
function named(writer: ProtoWriter, field: number, name: string, write: () => void): void {
  message(writer, field, () => {
    writer.text(1, name);
    message(writer, 2, write);
  });
}

const METHODS: [name: string, field: number][] = [
  ["get", 2],
  ["put", 3],
  ["post", 4],
  ["delete", 5],
  ["patch", 8],
];

function pathItem(writer: ProtoWriter, item: Json): void {
  for (const [name, field] of METHODS) if (item[name]) message(writer, field, () => operation(writer, item[name]));
  for (const parameter of item["parameters"] ?? []) message(writer, 9, () => parametersItem(writer, parameter));
}

function operation(
  writer: ProtoWriter,
  {
    tags = [],
    description = "",
    operationId = "",
    produces = [],
    consumes = [],
    parameters = [],
    responses = {},
    schemes = [],
    ...rest
  }: Json,
): void {
  texts(writer, 1, tags);
  writer.text(3, description);
  writer.text(5, operationId);
  texts(writer, 6, produces);
  texts(writer, 7, consumes);
  for (const parameter of parameters) message(writer, 8, () => parametersItem(writer, parameter));
  message(writer, 9, () => {
    for (const [code, response] of Object.entries<Json>(responses)) {
      named(writer, 1, code, () =>
        message(writer, 1, () => {
          writer.text(1, response["description"] ?? "");
          if (response["schema"]) message(writer, 2, () => message(writer, 1, () => writeSchema(writer, response["schema"])));
        }),
      );
    }
  });
  texts(writer, 10, schemes);
  extensions(writer, 13, rest);
}

const texts = (writer: ProtoWriter, field: number, values: readonly string[]): void => {
  for (const value of values) writer.text(field, value);
};

/** ParametersItem {parameter = 1 {body_parameter = 1 | non_body_parameter = 2 {query = 3 | path = 4}}}. */
function parametersItem(writer: ProtoWriter, parameter: Json): void {
  message(writer, 1, () => {
    if (parameter["in"] === "body") message(writer, 1, () => bodyParameter(writer, parameter));
    else message(writer, 2, () => (parameter["in"] === "query" ? queryParameter(writer, parameter) : pathParameter(writer, parameter)));
  });
}

function bodyParameter(writer: ProtoWriter, parameter: Json): void {
  writer.text(2, parameter["name"]);
  writer.text(3, "body");
  if (parameter["required"]) writer.varint(4, 1);
  message(writer, 5, () => writeSchema(writer, parameter["schema"]));
}

function queryParameter(writer: ProtoWriter, parameter: Json): void {
  message(writer, 3, () => {
    writer.text(2, "query");
    writer.text(3, parameter["description"] ?? "");
    writer.text(4, parameter["name"]);
    writer.text(6, parameter["type"]);
    writer.varint(20, 1); // unique_items
  });
}

function pathParameter(writer: ProtoWriter, parameter: Json): void {
  message(writer, 4, () => {
    writer.varint(1, 1); // required
    writer.text(2, "path");
    writer.text(3, parameter["description"] ?? "");
    writer.text(4, parameter["name"]);
    writer.text(5, parameter["type"]);
    writer.varint(19, 1); // unique_items
  });
}

/** Schema's scalar members: JSON name → field number. */
const TEXTS: Record<string, number> = { $ref: 1, format: 2, title: 3, description: 4, pattern: 13 };
const DOUBLES: Record<string, number> = { multipleOf: 6, maximum: 7, minimum: 9 };
const INTEGERS: Record<string, number> = { maxLength: 11, minLength: 12, maxItems: 14, minItems: 15, maxProperties: 17, minProperties: 18 };
const FLAGS: Record<string, number> = { exclusiveMaximum: 8, exclusiveMinimum: 10, uniqueItems: 16 };

function writeSchema(writer: ProtoWriter, schema: Json): void {
  for (const [key, value] of Object.entries(schema)) {
    if (TEXTS[key] !== undefined) writer.text(TEXTS[key], value);
    else if (DOUBLES[key] !== undefined) writer.double(DOUBLES[key], value);
    else if (INTEGERS[key] !== undefined) writer.varint(INTEGERS[key], value);
    else if (FLAGS[key] !== undefined) writer.varint(FLAGS[key], value ? 1 : 0);
    else writeCompound(writer, key, value);
  }
  extensions(writer, 31, schema);
}

function writeCompound(writer: ProtoWriter, key: string, value: any): void {
  switch (key) {
    case "default":
      return message(writer, 5, () => writer.text(2, yaml(value)));
    case "required":
      return texts(writer, 19, value);
    case "enum":
      for (const item of value) message(writer, 20, () => writer.text(2, yaml(item)));
      return;
    case "additionalProperties":
      return message(writer, 21, () => {
        if (typeof value === "boolean") writer.varint(2, value ? 1 : 0);
        else message(writer, 1, () => writeSchema(writer, value));
      });
    case "type":
      return message(writer, 22, () => writer.text(1, value));
    case "items":
      return message(writer, 23, () => message(writer, 1, () => writeSchema(writer, value)));
    case "properties":
      return message(writer, 25, () => {
        for (const [name, property] of Object.entries<Json>(value)) named(writer, 1, name, () => writeSchema(writer, property));
      });
  }
}

function extensions(writer: ProtoWriter, field: number, members: Json): void {
  for (const [name, value] of Object.entries(members)) {
    if (name.startsWith("x-")) named(writer, field, name, () => writer.text(2, yaml(value)));
  }
}

/** JSON is YAML. */
const yaml = (value: unknown): string => `${JSON.stringify(value)}\n`;
