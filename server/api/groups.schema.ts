import { z } from "zod";
import { Id, limitsGiven, limitsShown, Moment, Name, Page, Usd } from "@/server/api/fields.schema";

/** A group as the dashboard and the REST view show it. */
export const GroupView = z
  .object({
    id: Id,
    name: z.string(),
    externalId: z.string().nullable(),
    /** What is left; null: it has no balance of its own to spend from. */
    balanceUsd: z.string().nullable(),
    /** Of what is left: held for calls under way, or kept ready for calls to come. */
    reservedUsd: z.string(),
    lifetimeCreditsUsd: z.string(),
    /** What calls took from the balance, less what was refunded. */
    lifetimeSpentUsd: z.string(),
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

/** What moves a group's balance, beside what its calls spend. */
const transactionKinds = ["credit", "debit", "refund", "adjustment"] as const;

/** A movement of a group's balance: signed, with what was left after it. */
export const TransactionView = z
  .object({
    id: Id,
    groupId: Id,
    at: Moment,
    kind: z.string(),
    amountUsd: z.string(),
    balanceAfterUsd: z.string(),
    reason: z.string(),
    actor: z.string(),
    /** The call that a refund is of. */
    callId: Id.nullable(),
  })
  .meta({ id: "GroupTransaction" });

/** Movements of one group. */
export const TransactionFilter = z.strictObject({ id: Id, ...Page });

/** A page of them. */
export const TransactionPage = z.object({ items: z.array(TransactionView), nextCursor: z.string().nullable() });

const SignedUsd = z
  .string()
  .trim()
  .regex(/^-?\d{1,9}(\.\d{1,9})?$/, "Give an amount in dollars, such as 12.50 or -3, with at most nine decimals.");

/** A movement to make: only an adjustment may be negative, a debit says how much it takes. Nothing moves nothing. */
export const NewTransaction = z
  .strictObject({
    id: Id,
    kind: z.enum(transactionKinds),
    amountUsd: SignedUsd,
    reason: z.string().trim().min(1, "Say why.").max(500),
  })
  .refine(({ kind, amountUsd }) => kind === "adjustment" || !amountUsd.startsWith("-"), {
    path: ["amountUsd"],
    message: "Only an adjustment may be negative.",
  })
  .refine(({ amountUsd }) => Number(amountUsd) !== 0, { path: ["amountUsd"], message: "Give an amount." });
