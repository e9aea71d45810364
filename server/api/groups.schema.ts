import { z } from "zod";
import { Id, limitsGiven, limitsShown, Moment, Name, Usd } from "@/server/api/fields.schema";

/** A group as the dashboard and the REST view show it. */
export const GroupView = z
  .object({
    id: Id,
    name: z.string(),
    externalId: z.string().nullable(),
    balanceUsd: z.string().nullable(),
    enabled: z.boolean(),
    ...limitsShown,
    managed: z.boolean(),
    keys: z.int(),
    createdAt: Moment,
  })
  .meta({ id: "Group" });

const ExternalId = z.string().trim().min(1).max(200);

/** A new group; without a balance it has none of its own to spend from. */
export const NewGroup = z.strictObject({
  name: Name,
  externalId: ExternalId.nullish(),
  balanceUsd: Usd.nullish(),
  enabled: z.boolean().default(true),
  limits: z.strictObject(limitsGiven).default({}),
});

/** Changes to a group: what is left out stays, null takes away. */
export const GroupChange = z.strictObject({
  id: Id,
  name: Name.optional(),
  externalId: ExternalId.nullish(),
  balanceUsd: Usd.nullish(),
  enabled: z.boolean().optional(),
  limits: z.strictObject(limitsGiven).optional(),
});
