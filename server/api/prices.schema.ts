import { z } from "zod";
import { Id, Moment, MomentInput } from "@/server/api/fields.schema";

/** What a line of a price may be about: token classes per million, things by one, and the factors `batch` and `tier`. */
export const priceRates = [
  "input",
  "cachedInput",
  "cacheWrite",
  "cacheWrite1h",
  "output",
  "reasoning",
  "audioInput",
  "audioOutput",
  "request",
  "searchUnit",
  "webSearch",
  "audioMinute",
  "thousandCharacters",
  "step",
  "image",
  "videoSecond",
  "batch",
  "tier",
] as const;

const Condition = z.string().trim().min(1).max(100);

/** A line of a price: dollars as decimal text, and for `batch` and `tier` a factor. */
export const PriceLine = z
  .strictObject({
    rate: z.enum(priceRates),
    value: z
      .string()
      .trim()
      .regex(/^\d{1,7}(\.\d{1,9})?$/, "Give a number such as 2.50, with at most nine decimals."),
    /** The line holds for calls with more input tokens than this. */
    above: z.int().min(0).optional(),
    size: Condition.optional(),
    quality: Condition.optional(),
    resolution: Condition.optional(),
    /** The service tier that a factor is of. */
    tier: Condition.optional(),
  })
  .meta({ id: "PriceLine" });

/** One version of a deployment's price. */
export const PriceVersion = z
  .object({
    id: Id,
    deploymentId: Id,
    modelName: z.string(),
    providerName: z.string(),
    upstreamModel: z.string(),
    version: z.int(),
    source: z.string(),
    effectiveFrom: Moment,
    createdAt: Moment,
    /** Whether calls are billed at it now. */
    inForce: z.boolean(),
    rates: z.array(PriceLine),
  })
  .meta({ id: "PriceVersion" });

/** Of one deployment every version, newest first; of all the versions in force and to come. */
export const PriceFilter = z.strictObject({ deploymentId: Id.optional() });

/** An own price of a deployment from a moment on; without one from now on. It wins over every version before it. */
export const NewPrice = z.strictObject({
  deploymentId: Id,
  effectiveFrom: MomentInput.optional(),
  rates: z.array(PriceLine).min(1, "Give at least one rate.").max(500),
});

const Format = z.enum(["json", "csv"]);

/** What a file of prices holds: those in force and to come, or every version there was. */
export const PriceExport = z.strictObject({
  format: Format.default("json"),
  versions: z.enum(["current", "all"]).default("current"),
});

/** A file's text. */
export const PriceFile = z.object({ format: Format, text: z.string() });

/** A file to read; what differs from the price in force at its moment becomes an own price. */
export const PriceImport = z.strictObject({ format: Format, text: z.string().max(5_000_000) });

/** What an import did. */
export const PriceImported = z.object({ added: z.int(), unchanged: z.int() });

/** How many versions the price library brought. */
export const PricesRefreshed = z.object({ added: z.int() });
