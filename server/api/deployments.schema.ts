import { z } from "zod";
import {
  AtMost,
  distinct,
  Id,
  Moment,
  Tag,
  UpstreamModel,
  Usd,
  upstreamLimits,
  Weight,
} from "@/server/api/fields.schema";

/** A price in force, by class of token, in dollars per million. */
export const PriceView = z
  .object({
    id: Id,
    version: z.int(),
    source: z.string(),
    effectiveFrom: Moment,
    inputPerMillionUsd: z.string().nullable(),
    outputPerMillionUsd: z.string().nullable(),
    cachedInputPerMillionUsd: z.string().nullable(),
    cacheWritePerMillionUsd: z.string().nullable(),
    /** True when a rate rises with the length of the input; the numbers are then those of short inputs. */
    tiered: z.boolean(),
  })
  .meta({ id: "Price" });

/** A model as one provider serves it; without a price its calls count as unpriced. */
export const DeploymentView = z
  .object({
    id: Id,
    providerId: Id,
    providerName: z.string(),
    demo: z.boolean(),
    upstreamModel: z.string(),
    priority: z.int(),
    weight: z.int(),
    tags: z.array(z.string()),
    region: z.string().nullable(),
    rpm: z.int().nullable(),
    tpm: z.int().nullable(),
    concurrent: z.int().nullable(),
    contextWindow: z.int().nullable(),
    enabled: z.boolean(),
    managed: z.boolean(),
    price: PriceView.nullable(),
  })
  .meta({ id: "Deployment" });

/** A deployment together with the model that it serves. */
export const PlacedDeployment = DeploymentView.extend({ modelId: Id, modelName: z.string() }).meta({
  id: "PlacedDeployment",
});

const Priority = z.int("Give a whole number.").min(0).max(1000);

/** By what rules and callers choose it, and what it takes at most: requests and tokens a minute, calls at the same time. */
const placing = {
  tags: z.array(Tag).max(50).refine(distinct, "A tag is listed twice.").optional(),
  region: Tag.nullish(),
  ...upstreamLimits,
  /** In tokens; null = what is known of a model of that name. */
  contextWindow: AtMost.nullish(),
};

/** A new deployment of a model on a provider. */
export const NewDeployment = z.strictObject({
  modelId: Id,
  providerId: Id,
  upstreamModel: UpstreamModel,
  priority: Priority.default(0),
  weight: Weight.default(1),
  ...placing,
  enabled: z.boolean().default(true),
});

/** Changes to a deployment: what is left out stays. Another provider or upstream model is another deployment. */
export const DeploymentChange = z.strictObject({
  id: Id,
  priority: Priority.optional(),
  weight: Weight.optional(),
  ...placing,
  enabled: z.boolean().optional(),
});

/** Rates are kept as safe integers of nano-dollars. */
const Rate = Usd.refine((usd) => Number(usd) <= 1_000_000, "A rate is at most 1000000 dollars per million tokens.");

/** Rates in dollars per million tokens; a class that is left out is billed as the one that it is part of. */
export const OwnPrice = z.strictObject({
  id: Id,
  inputPerMillionUsd: Rate,
  outputPerMillionUsd: Rate,
  cachedInputPerMillionUsd: Rate.nullish(),
  cacheWritePerMillionUsd: Rate.nullish(),
});
