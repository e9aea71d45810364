import { z } from "zod";
import { query } from "@/server/db/sql";
import { GatewayError } from "@/server/errors";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { notify } from "@/server/state/notifications";

/** What becomes of calls to a model without a price: they are refused, or answered and told of. */
const unpricedPolicies = ["block", "warn"] as const;

/** The setting's name in the database, and its shape. */
export const MONEY_SETTING = "money";
export const MoneySetting = z.object({ unpriced: z.enum(unpricedPolicies).default("warn") });
export type MoneySetting = z.infer<typeof MoneySetting>;

const held = singleton("unpriced", (): { setting: MoneySetting; told: Map<string, string> } => ({
  setting: { unpriced: "warn" },
  /** Models by the day on which they were last told of. */
  told: new Map(),
}));

/** More names than an installation has models; those of one day are few. */
const MAX_TOLD = 10_000;

/** Reads the setting anew. What cannot be read leaves the one in force that was. */
export async function reloadMoneySetting(): Promise<void> {
  const [row] = await query<{ value: unknown }>("SELECT value FROM setting WHERE name = $1", [MONEY_SETTING]);
  const parsed = MoneySetting.safeParse(row?.value ?? {});
  if (parsed.success) held.setting = parsed.data;
  else log.error({ setting: MONEY_SETTING }, "The setting cannot be read; the one that was stays in force.");
}

/** Throws `forbidden` for a model without a price where such calls are to be refused. */
export function refuseUnpriced(model: string): void {
  if (held.setting.unpriced === "warn") return;
  throw new GatewayError(
    "forbidden",
    `The model "${model}" has no price, and this gateway refuses calls whose cost is unknown. Ask its administrator to set a price.`,
    { param: "model" },
  );
}

/** Tells, once a day for each model, that a call was answered whose cost is unknown. Does not wait; a failure is logged. */
export function noteUnpriced(model: string, now = new Date()): void {
  const day = now.toISOString().slice(0, 10);
  if (held.told.get(model) === day) return;
  if (held.told.size >= MAX_TOLD) held.told.clear();
  held.told.set(model, day);
  notify({
    kind: "unpriced",
    severity: "warning",
    title: `The model '${model}' has no price: what its calls cost is unknown.`,
    detail: { model, day },
    once: `unpriced ${model} ${day}`,
  }).catch((error: unknown) => {
    held.told.delete(model);
    log.error({ err: error, model }, "A notification of a model without a price could not be written.");
  });
}
