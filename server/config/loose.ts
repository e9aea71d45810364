import { z } from "zod";

const text = z.string().optional().catch(undefined);
const list = <Item extends z.ZodType>(item: Item) => z.array(item).default([]).catch([]);
const record = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess((value) => (isObject(value) ? value : {}), z.object(shape));

const budgets = list(
  record({
    period: text,
    hours: z.number().optional().catch(undefined),
    timeZone: text,
    models: list(text),
    soft: z.boolean().optional().catch(undefined),
  }),
);

/**
 * The fields of conduit.json that the checks read, each undefined where it has the wrong type: the schema reports that,
 * and the checks still find everything else, so that all problems are told at once.
 */
export const LooseConfig = record({
  providers: list(
    record({
      name: text,
      type: text,
      baseUrl: text,
      probeSeconds: z.number().optional().catch(undefined),
      headers: z.record(z.string(), text).default({}).catch({}),
      keys: list(record({ name: z.string().default("main").optional().catch(undefined), apiKey: text })),
    }),
  ),
  models: list(
    record({
      name: text,
      fallbacks: list(text),
      fallbacksOnContext: list(text),
      fallbacksOnPolicy: list(text),
      deployments: list(
        record({ provider: text, model: text, price: z.record(z.string(), z.unknown()).optional().catch(undefined) }),
      ),
    }),
  ),
  groups: list(record({ name: text, budgets })),
  rules: list(record({ name: text })),
  virtualKeys: list(
    record({
      name: text,
      key: text,
      group: text,
      models: list(text),
      expiresAt: text,
      budgets,
      modelLimits: list(record({ model: text })),
    }),
  ),
});
export type LooseConfig = z.infer<typeof LooseConfig>;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
