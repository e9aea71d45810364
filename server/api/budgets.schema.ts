import { z } from "zod";
import { distinct, Id, ModelPattern, Moment, MomentInput, Usd } from "@/server/api/fields.schema";

/** How long a budget lasts before it begins anew: `total` never does, `hours` moves on with the clock. */
export const periods = ["total", "day", "week", "month", "year", "hours"] as const;

/** A budget and how it stands in its current window. */
export const BudgetView = z
  .object({
    id: Id,
    owner: z.object({ kind: z.enum(["key", "group"]), id: Id, name: z.string() }),
    name: z.string(),
    period: z.string(),
    hours: z.int().nullable(),
    timeZone: z.string(),
    /** Empty: all models. */
    models: z.array(z.string()),
    soft: z.boolean(),
    limitUsd: z.string(),
    increaseUsd: z.string().nullable(),
    increaseUntil: Moment.nullable(),
    resetAt: Moment.nullable(),
    managed: z.boolean(),
    createdAt: Moment,
    spentUsd: z.string(),
    /** Held for calls under way, or kept ready for calls to come. */
    reservedUsd: z.string(),
    /** Of the limit, with an increase that holds. */
    availableUsd: z.string(),
    startsAt: Moment.nullable(),
    /** When the window ends; of rolling hours, when it next moves on. */
    resetsAt: Moment.nullable(),
  })
  .meta({ id: "Budget" });

/** Which budgets to list: all, those of a key (with its group's), or those of a group. */
export const BudgetFilter = z.strictObject({ keyId: Id.optional(), groupId: Id.optional() });

const Models = z.array(ModelPattern).max(100).refine(distinct, "A model is listed twice.");
const BudgetName = z.string().trim().max(100, "A name has at most 100 characters.");

const TimeZone = z.string().refine(isTimeZone, "Give a time zone's name, such as Europe/Vienna.");

/** A new budget of a key or of a group. It counts what is spent from now on. */
export const NewBudget = z
  .strictObject({
    keyId: Id.optional(),
    groupId: Id.optional(),
    name: BudgetName.default(""),
    period: z.enum(periods),
    hours: z.int("Give a whole number.").min(1).max(8760).optional(),
    timeZone: TimeZone.default("UTC"),
    models: Models.default([]),
    soft: z.boolean().default(false),
    limitUsd: Usd,
  })
  .refine(({ keyId, groupId }) => (keyId === undefined) !== (groupId === undefined), {
    path: ["keyId"],
    message: "Name a key or a group, and not both.",
  })
  .refine(({ period, hours }) => (period === "hours") === (hours !== undefined), {
    path: ["hours"],
    message: "A rolling budget has a number of hours, and no other does.",
  });

/** Changes to a budget: what is left out stays, `increase: null` ends one. Another period is another budget. */
export const BudgetChange = z.strictObject({
  id: Id,
  name: BudgetName.optional(),
  models: Models.optional(),
  soft: z.boolean().optional(),
  limitUsd: Usd.optional(),
  increase: z.strictObject({ usd: Usd, until: MomentInput }).nullish(),
});

/** Begins a budget anew by hand. */
export const BudgetReset = z.strictObject({ id: Id, reason: z.string().trim().max(500).default("") });

/** What was spent in a budget's windows, newest first; a rolling one has a window for each hour. */
export const BudgetWindows = z.array(z.object({ startsAt: Moment.nullable(), spentUsd: z.string() }));

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    // The constructor's way to say that there is none of this name.
    return false;
  }
}
