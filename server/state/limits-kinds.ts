import { z } from "zod";
import { log } from "@/server/log";

/** What can be limited: requests a minute, an hour and a day, tokens a minute and a day, and calls at the same time. */
export const limitKinds = ["rpm", "rph", "rpd", "tpm", "tpd", "concurrent"] as const;
export type LimitKind = (typeof limitKinds)[number];

/** The limits of one owner; null = none. */
export type Limits = { readonly [Kind in LimitKind]: number | null };

/** Limits of a key for the models that a pattern covers, all of them together. */
export type ModelLimits = Limits & { readonly model: string };

const limit = z.int().nullable().default(null);
const Limits = z.object({ rpm: limit, rph: limit, rpd: limit, tpm: limit, tpd: limit, concurrent: limit });
const ModelLimits = z.array(z.object({ model: z.string(), ...Limits.shape }));

/** Limits as columns or JSON hold them. Throws where they cannot be read. */
export function readLimits(stored: unknown): Limits {
  return Limits.parse(stored ?? {});
}

/** The list that a key's `model_limits` holds; one that cannot be read is none, and the log says so. */
export function readModelLimits(stored: unknown, keyId: string): readonly ModelLimits[] {
  const read = ModelLimits.safeParse(stored);
  if (read.success) return read.data;
  log.error({ key: keyId }, "The limits of a key for some models cannot be read; they do not hold.");
  return [];
}
