import type { Changes, Transaction } from "@/server/config/changes";
import { writeSetting } from "@/server/config/declared";
import { LIMITS_SETTING } from "@/server/state/limits-global";
import { type Limits, limitKinds, readLimits } from "@/server/state/limits-kinds";

/** Makes the limits of the whole gateway what the file says. Where it no longer says any, those that it had set are removed. */
export async function applyLimits(tx: Transaction, changes: Changes, limits: Limits | null): Promise<void> {
  const row = await tx.setting.findUnique({ where: { name: LIMITS_SETTING } });
  if (limits) await writeSetting(tx, LIMITS_SETTING, { ...limits, managed: true });
  else if (isManaged(row?.value)) await tx.setting.delete({ where: { name: LIMITS_SETTING } });
  else return;
  const [before, after] = [readLimits(row?.value), limits ?? readLimits({})];
  const changed = limitKinds.filter((kind) => before[kind] !== after[kind]);
  if (changed.length === 0) return;
  const detail = Object.fromEntries(changed.map((kind) => [kind, { from: before[kind], to: after[kind] }]));
  changes.applied.updated.push("limits of the gateway");
  changes.audit.push({ actor: "file", action: "update", noun: "limits", name: "gateway", detail });
}

function isManaged(value: unknown): boolean {
  return typeof value === "object" && value !== null && "managed" in value && value.managed === true;
}
