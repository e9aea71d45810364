import { query } from "@/server/db/sql";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { type Limits, readLimits } from "@/server/state/limits-kinds";

/** The setting that holds the limits of the whole gateway; a trigger announces it (see the migration). */
export const LIMITS_SETTING = "limits";

const held = singleton("limits-global", (): { current: Limits } => ({ current: readLimits({}) }));

/** The limits in force for all callers together: one immutable object, replaced whole. */
export function globalLimits(): Limits {
  return held.current;
}

/** Puts other limits in force for all callers together. */
export function setGlobalLimits(limits: Limits): void {
  held.current = limits;
}

/** Reads them anew from the database. What cannot be read leaves those in force that were. */
export async function reloadGlobalLimits(): Promise<void> {
  const [row] = await query<{ value: unknown }>("SELECT value FROM setting WHERE name = $1", [LIMITS_SETTING]);
  try {
    setGlobalLimits(readLimits(row?.value));
  } catch (error) {
    log.error({ err: error }, "The limits of the gateway cannot be read; those that were stay in force.");
  }
}
