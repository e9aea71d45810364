import { z } from "zod";
import type { Operation } from "./operation";
import { type Field, type Named, Schema, shapeOf } from "./shape";

const Content = z.object({ content: z.object({ "application/json": z.object({ schema: Schema }) }).optional() });

const Described = z.object({
  operationId: z.string(),
  summary: z.string().default(""),
  tags: z.array(z.string()).default([]),
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), required: z.boolean().default(false), schema: Schema }))
    .default([]),
  requestBody: Content.optional(),
  responses: z.record(z.string(), Content),
});

const Document = z.object({
  servers: z.array(z.object({ url: z.string() })).default([]),
  paths: z.record(z.string(), z.record(z.string(), Described)),
  components: z.object({ schemas: z.record(z.string(), Schema).default({}) }),
});

/** The operations of an OpenAPI document, in its order. Throws when it is none. */
export function operationsOf(document: unknown): Operation[] {
  const { paths, components, servers } = Document.parse(document);
  const base = servers[0]?.url ?? "";
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) =>
      operationOf({ method, path: `${base}${path}`, described, named: components.schemas }),
    ),
  );
}

type Found = { method: string; path: string; described: z.infer<typeof Described>; named: Named };

function operationOf({ method, path, described, named }: Found): Operation {
  const body = described.requestBody?.content?.["application/json"].schema;
  const answer = described.responses["200"]?.content?.["application/json"].schema;
  return {
    id: described.operationId,
    group: titleOf(described.tags[0] ?? "other"),
    method: method.toUpperCase(),
    path,
    summary: described.summary,
    key: "backend",
    parameters: described.parameters.map(({ schema, ...parameter }) => ({ ...parameter, ...shapeOf(schema, named) })),
    body: body && shapeOf(body, named),
    answer: answer && optional(shapeOf(answer, named)),
  };
}

/** What an answer holds is there; nobody is required to give it. */
function optional<Part extends { fields: readonly Field[] }>(part: Part): Part {
  return { ...part, fields: part.fields.map((field) => ({ ...optional(field), required: false })) };
}

function titleOf(tag: string): string {
  const words = tag.replaceAll("-", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
