/** Whatever people write as schemas and expressions is judged in words and in time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonSchema, structuralOf } from "@flotilla/api";
import { compileWithCost, DYN } from "@flotilla/cel";
import fc from "fast-check";
import { builtinType, occurrencesMax, PolicyCompiler, typeOf } from "./index.ts";

const schemasOf = (inner: fc.Arbitrary<JsonSchema>): fc.Arbitrary<JsonSchema> =>
  fc.record(
    {
      type: fc.constantFrom("object", "array", "string", "integer", "number", "boolean", "nonsense"),
      format: fc.constantFrom("date", "date-time", "duration", "byte", "constructor"),
      properties: fc.dictionary(fc.constantFrom("a", "b-c", "namespace", "__proto__", "ü"), inner, { maxKeys: 3 }),
      required: fc.constantFrom(["a"], ["a", "b-c"]),
      additionalProperties: fc.oneof(fc.boolean(), inner),
      items: inner,
      maxItems: fc.constantFrom(0, -1, 3, 2 ** 53),
      maxLength: fc.constantFrom(0, -1, 3, 2 ** 53),
      maxProperties: fc.constantFrom(0, -1, 3, 2 ** 53),
      enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }),
      nullable: fc.boolean(),
      "x-kubernetes-int-or-string": fc.boolean(),
      "x-kubernetes-embedded-resource": fc.boolean(),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
const anySchema = schemasOf(schemasOf(schemasOf(fc.constant({ type: "string" }))));

const RULES = [
  "self == self",
  "self.a == self.b__dash__c",
  "self.all(x, self.exists(y, x == y))",
  "self.a.all(k, v, string(k).contains(string(v)))",
  "self.map(x, x).filter(x, x == x).size() > 0",
  "self.__namespace__.matches(self.namespace)",
  "self.a.join(',').size() + self.a.size() > 0",
  "self['a'].orValue('') + dyn(self)",
];

test("every schema has a type and a size, and every rule upon it a cost or an error", () => {
  fc.assert(
    fc.property(anySchema, fc.constantFrom(...RULES), (schema, rule) => {
      const structural = structuralOf(schema);
      assert.ok(occurrencesMax(structural) >= 1);
      const self = typeOf(structural, true);
      if (!self) return;
      try {
        const { cost } = compileWithCost(rule, { variables: { self } }, "self");
        assert.ok(Number.isFinite(cost) && cost >= 0, `${cost}`);
      } catch (error) {
        assert.equal((error as Error).name, "CompileError", String((error as Error).stack));
      }
    }),
    { numRuns: 1000 },
  );
});

test("any text in a policy compiles or is told why not", () => {
  const part = fc.constantFrom(
    ..."object oldObject request params variables namespaceObject authorizer . spec metadata replicas name x ( ) [ ] == && ? : 'a' 1 .check( .allowed() .all(c, has( in !".split(
      " ",
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 14 }).map((parts) => parts.join("")),
      ),
      (text) => {
        const compiler = new PolicyCompiler({ object: builtinType("apps/v1.Deployment")!, params: DYN }, false);
        for (const compiled of [compiler.variable("x", text), compiler.condition(text), compiler.validation(text), compiler.message(text)])
          assert.ok("program" in compiled || compiled.error.startsWith("compilation failed: "), text);
      },
    ),
    { numRuns: 500 },
  );
});
