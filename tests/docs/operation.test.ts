import { expect, test } from "vitest";
import { operationsOf } from "@/app/docs/admin-operations";
import { curlOf } from "@/app/docs/operation";
import { shapeOf } from "@/app/docs/shape";

const document = {
  servers: [{ url: "/api/admin" }],
  components: {
    schemas: {
      Node: {
        type: "object",
        properties: { name: { type: "string", maxLength: 9 }, next: { $ref: "#/components/schemas/Node" } },
        required: ["name"],
      },
    },
  },
  paths: {
    "/things/{thingId}": {
      patch: {
        operationId: "things-update",
        summary: "Change a thing.",
        tags: ["own-things"],
        parameters: [{ in: "path", name: "thingId", required: true, schema: { type: "string", format: "uuid" } }],
        requestBody: {
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: {
                  mode: { type: "string", enum: ["a", "b"] },
                  limitUsd: { anyOf: [{ type: "string" }, { type: "null" }] },
                  note: { type: "string" },
                },
                required: ["mode", "limitUsd"],
              },
            },
          },
        },
        responses: {
          200: {
            content: {
              "application/json": { schema: { type: "array", items: { $ref: "#/components/schemas/Node" } } },
            },
          },
          400: {},
        },
      },
    },
  },
};

test("an operation has its path, words for its types, and a command that makes it", () => {
  const [operation] = operationsOf(document);
  if (!operation) throw new Error("There is no operation.");
  expect(operation).toMatchObject({
    id: "things-update",
    group: "Own things",
    method: "PATCH",
    path: "/api/admin/things/{thingId}",
    parameters: [{ name: "thingId", in: "path", required: true, type: "uuid" }],
    answer: { type: "array of object", fields: [{ name: "name", note: "at most 9 characters" }, { name: "next" }] },
  });
  expect(curlOf(operation, "http://localhost:5000")).toBe(
    [
      'curl -X PATCH "http://localhost:5000/api/admin/things/$THING_ID" \\',
      '  -H "Authorization: Bearer $BACKEND_KEY" \\',
      '  -H "Content-Type: application/json" \\',
      "  -d '{",
      '    "mode": "a",',
      '    "limitUsd": "5.00"',
      "  }'",
    ].join("\n"),
  );
});

test("a schema that holds itself ends", () => {
  const node = shapeOf({ $ref: "#/components/schemas/Node" }, document.components.schemas);
  expect(node.fields.map(({ name, type, required }) => [name, type, required])).toEqual([
    ["name", "string", true],
    ["next", "any JSON", false],
  ]);
});

test("choices are told apart, and what they share is shown once", () => {
  const one = { type: "object", properties: { ok: { const: true } } };
  const shape = shapeOf({ oneOf: [one, one, { type: "null" }] }, {});
  expect(shape).toMatchObject({ type: "object or null", fields: [{ name: "ok", type: "true" }] });
});
