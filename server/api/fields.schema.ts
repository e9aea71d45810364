import { z } from "zod";

/** The id of any stored object. */
export const Id = z.uuid("This is not an id.");

/** Addresses one object. */
export const ById = z.strictObject({ id: Id });

/** A moment in an answer: a Date over tRPC, ISO 8601 text over REST. */
export const Moment = z.date().meta({ override: { type: "string", format: "date-time" } });

/** A moment in a request: a Date, or ISO 8601 text with a time zone. */
export const MomentInput = z
  .custom<Date | string>(isMoment, "Give a date and time with a time zone, such as 2027-01-31T12:00:00Z.")
  .meta({ override: { type: "string", format: "date-time" } })
  .transform((given) => new Date(given));

/** An amount in dollars as decimal text with up to nine decimals, such as `0.00125`. */
export const Usd = z
  .string()
  .trim()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, "Give an amount in dollars, such as 12.50, with at most nine decimals.");

const Limit = z.int("Give a whole number.").min(1).max(2_000_000_000);

/** Requests a minute, hour and day, tokens a minute and day, and calls at the same time, as they are given: null takes one away. */
export const limitsGiven = {
  rpm: Limit.nullish(),
  rph: Limit.nullish(),
  rpd: Limit.nullish(),
  tpm: Limit.nullish(),
  tpd: Limit.nullish(),
  concurrent: Limit.nullish(),
};

/** A whole number of which there is at least one. */
export const AtMost = z.int("Give a whole number.").min(1).max(2_000_000_000);

/** What an upstream takes at most: requests and tokens a minute, calls at the same time. */
export const upstreamLimits = { rpm: AtMost.nullish(), tpm: AtMost.nullish(), concurrent: AtMost.nullish() };

const ShownLimit = z.int().nullable();

/** The same as they are shown: null = no such limit. */
export const limitsShown = {
  rpm: ShownLimit,
  rph: ShownLimit,
  rpd: ShownLimit,
  tpm: ShownLimit,
  tpd: ShownLimit,
  concurrent: ShownLimit,
};

/** What a person calls an object. */
export const Name = z.string().trim().min(1, "Give a name.").max(100, "A name has at most 100 characters.");

/** A share among equals; 0 takes none unless the others fail. */
export const Weight = z.int("Give a whole number.").min(0).max(1_000_000);

/** A provider's own name for a model. */
export const UpstreamModel = z.string().trim().min(1, "Name the provider's model.").max(500);

/** A model's name, or the beginning of names with a star at the end. */
export const ModelPattern = z
  .string()
  .trim()
  .min(1)
  .max(401)
  .regex(/^[^*]*\*?$/, "A star stands at the end only.");

/** A label of at most 60 characters. */
export const Tag = z.string().trim().min(1).max(60);

/** One page of a list that is read from the newest backwards; `cursor` is the `nextCursor` of the page before. */
export const Page = {
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number<number>().int().min(1).max(200).default(50),
};

/** What a deletion answers. */
export const Deleted = z.object({ id: Id, deleted: z.literal(true) });

/** Repeats would have no meaning in a list of names. */
export function distinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function isMoment(given: unknown): boolean {
  if (given instanceof Date) return !Number.isNaN(given.getTime());
  return z.iso.datetime({ offset: true }).safeParse(given).success;
}
