import type { JsonObject } from "@/server/dialects/dialect";
import type { CallTarget } from "@/server/gateway/call";
import { routeId, type Stage } from "@/server/gateway/resolve";

/** What rules set in the request for the stage of a target alone; undefined where that is nothing. */
export function changesFor(stages: readonly Stage[], target: CallTarget | undefined): JsonObject | undefined {
  for (const { changes, targets } of stages)
    if (changes && target && targets.some((one) => routeId(one) === routeId(target))) return changes;
  return undefined;
}

const none: readonly JsonObject[] = [];

/** All that rules set for single stages, each once. */
export function allChanges(stages: readonly Stage[]): readonly JsonObject[] {
  let found: Set<JsonObject> | undefined;
  for (const { changes } of stages) {
    if (!changes) continue;
    found ??= new Set();
    found.add(changes);
  }
  return found ? [...found] : none;
}

/** The stages that get the same request as the one of a target. */
export function alike(stages: readonly Stage[], target: CallTarget | undefined): readonly Stage[] {
  if (allChanges(stages).length === 0) return stages;
  const own = changesFor(stages, target);
  return stages.filter(({ changes }) => changes === own);
}
