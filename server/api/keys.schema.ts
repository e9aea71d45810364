import { z } from "zod";
import {
  distinct,
  Id,
  limitsGiven,
  limitsShown,
  ModelPattern,
  Moment,
  MomentInput,
  Name,
  Tag,
  Usd,
} from "@/server/api/fields.schema";

/** How long a budget lasts before it begins anew; `total` never does. */
export const budgetPeriods = ["total", "day", "week", "month", "year"] as const;

const BudgetPeriod = z.enum(budgetPeriods);

/** A virtual key as it is shown: never the key or its hash. */
export const KeyView = z
  .object({
    id: Id,
    name: z.string(),
    prefix: z.string(),
    last4: z.string(),
    group: z.object({ id: Id, name: z.string() }).nullable(),
    models: z.array(z.string()),
    enabled: z.boolean(),
    expiresAt: Moment.nullable(),
    ...limitsShown,
    modelLimits: z.array(z.object({ model: z.string(), ...limitsShown })),
    tags: z.array(z.string()),
    cache: z.boolean(),
    strict: z.boolean(),
    managed: z.boolean(),
    createdAt: Moment,
    lastUsedAt: Moment.nullable(),
    budgets: z.array(z.object({ id: Id, period: z.string(), limitUsd: z.string() })),
    spentUsd30d: z.string(),
    calls30d: z.number(),
  })
  .meta({ id: "VirtualKey" });

/** A new key's plain text; it is shown in this answer and never again. */
export const IssuedKey = z.object({ id: Id, key: z.string() });

const Budgets = z
  .array(z.strictObject({ period: BudgetPeriod, limitUsd: Usd }))
  .refine((budgets) => distinct(budgets.map((budget) => budget.period)), "There can be one budget for each period.");

const ModelLimits = z
  .array(z.strictObject({ model: ModelPattern, ...limitsGiven }))
  .max(100)
  .refine((list) => distinct(list.map(({ model }) => model)), "A model is listed twice.");

const Models = z
  .array(ModelPattern)
  .min(1, "Allow at least one model; * allows every one.")
  .max(500)
  .refine(distinct, "A model is listed twice.");

const Tags = z.array(Tag).max(50).refine(distinct, "A tag is listed twice.");

/** A new virtual key. `models` are names, `*`, or names with a star at the end. */
export const NewKey = z.strictObject({
  name: Name,
  groupId: Id.nullish(),
  models: Models.default(["*"]),
  enabled: z.boolean().default(true),
  expiresAt: MomentInput.nullish(),
  budgets: Budgets.default([]),
  limits: z.strictObject(limitsGiven).default({}),
  modelLimits: ModelLimits.default([]),
  tags: Tags.default([]),
  /** Whether answers are kept for identical requests. */
  cache: z.boolean().default(false),
  strict: z.boolean().default(false),
});

/** Changes to a virtual key: what is left out stays, null takes away; `budgets` and `modelLimits` replace them all. */
export const KeyChange = z.strictObject({
  id: Id,
  name: Name.optional(),
  groupId: Id.nullish(),
  models: Models.optional(),
  enabled: z.boolean().optional(),
  expiresAt: MomentInput.nullish(),
  budgets: Budgets.optional(),
  limits: z.strictObject(limitsGiven).optional(),
  modelLimits: ModelLimits.optional(),
  tags: Tags.optional(),
  cache: z.boolean().optional(),
  strict: z.boolean().optional(),
});
