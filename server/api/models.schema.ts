import { z } from "zod";
import { DeploymentView } from "@/server/api/deployments.schema";
import { distinct, Id, Moment, UpstreamModel } from "@/server/api/fields.schema";

/** How one of a model's deployments is chosen. */
export const strategies = [
  "priority",
  "weighted",
  "round-robin",
  "random",
  "least-busy",
  "lowest-latency",
  "lowest-cost",
  "sticky",
] as const;

const Strategy = z.enum(strategies);

/** A name that callers may use for a model. */
const ModelName = z
  .string()
  .trim()
  .min(1, "Give a name.")
  .max(200, "A model name has at most 200 characters.")
  .regex(/^[^\s*]+$/, "A model name has no spaces and no star.");

/** A model with its deployments, as the dashboard and the REST view show it. */
export const ModelView = z
  .object({
    id: Id,
    name: z.string(),
    strategy: z.string(),
    fallbacks: z.array(z.string()),
    fallbacksOnContext: z.array(z.string()),
    fallbacksOnPolicy: z.array(z.string()),
    rescue: z.boolean(),
    hedge: z.boolean(),
    firstByteMs: z.int().nullable(),
    retries: z.int().nullable(),
    cache: z.boolean(),
    cacheTtlSeconds: z.int().nullable(),
    enabled: z.boolean(),
    managed: z.boolean(),
    createdAt: Moment,
    /** False where calls may go to a deployment whose price is not known: what they cost is then unknown too. */
    priced: z.boolean(),
    deployments: z.array(DeploymentView),
  })
  .meta({ id: "Model" });

const Fallbacks = z.array(z.string().min(1).max(200)).max(20).refine(distinct, "A fallback is listed twice.");

const Milliseconds = z.int("Give a whole number.").min(1).max(3_600_000);

/**
 * How calls of a model are tried. `rescue`: another deployment goes on with a stream that broke. `hedge`: another one is asked when the
 * first is slow to begin. Null = the process's own setting.
 */
const settings = {
  fallbacksOnContext: Fallbacks.optional(),
  fallbacksOnPolicy: Fallbacks.optional(),
  rescue: z.boolean().optional(),
  hedge: z.boolean().optional(),
  firstByteMs: Milliseconds.nullish(),
  retries: z.int("Give a whole number.").min(0).max(10).nullish(),
  cache: z.boolean().optional(),
  cacheTtlSeconds: z.int("Give a whole number.").min(1).max(2_592_000).nullish(),
};

/** A new model, without deployments. */
export const NewModel = z.strictObject({
  name: ModelName,
  strategy: Strategy.default("priority"),
  fallbacks: Fallbacks.default([]),
  ...settings,
  enabled: z.boolean().default(true),
});

/** Changes to a model: what is left out stays. A new name also replaces the old one among other models' fallbacks. */
export const ModelChange = z.strictObject({
  id: Id,
  name: ModelName.optional(),
  strategy: Strategy.optional(),
  fallbacks: Fallbacks.optional(),
  ...settings,
  enabled: z.boolean().optional(),
});

/** Models of one provider to offer, each under a name for callers. A name that exists gets one more deployment. */
export const AddedFromProvider = z.strictObject({
  providerId: Id,
  models: z
    .array(z.strictObject({ upstreamModel: UpstreamModel, name: ModelName }))
    .min(1, "Choose at least one model.")
    .max(1000),
});

/** How many deployments were added; those that were there already are not counted. */
export const AddedCount = z.object({ created: z.int() });
