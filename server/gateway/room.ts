import type { Call, CallTarget } from "@/server/gateway/call";
import type { CatalogKey } from "@/server/state/catalog";
import { roomInSeconds, takeRoom } from "@/server/state/upstream-limits";
import { inputTokens, outputTokens } from "@/server/wire/usage";

/** Whether the limits of a target and of its provider let this call in now; those of keys are their own. */
export function hasRoom(call: Call, target: CallTarget): boolean {
  return roomSeconds(call, target) === 0;
}

/** Seconds until they do; undefined = never. */
export function roomSeconds(call: Call, { deployment, provider }: CallTarget): number | undefined {
  const now = performance.now();
  const own = deployment ? roomInSeconds(deployment, call.requestTokens, now) : 0;
  const shared = roomInSeconds(provider, call.requestTokens, now);
  return own === undefined || shared === undefined ? undefined : Math.max(own, shared);
}

/** Seconds until a key's own limits let this call in; undefined = never. */
export function keyRoomSeconds(call: Call, key: CatalogKey): number | undefined {
  return roomInSeconds(key, call.requestTokens, performance.now());
}

/** Counts an attempt against the limits of its target, provider and key, until `leaveRoom`. */
export function occupyRoom(call: Call, target: CallTarget): void {
  call.room = takeRoom(target, call.requestTokens, performance.now());
}

/** Gives the place back, and puts the tokens that were used in the place of those that were thought of. */
export function leaveRoom(call: Call): void {
  if (!call.room) return;
  const usage = call.usage ?? call.estimate;
  if (usage) call.room.settleTokens(inputTokens(usage) + outputTokens(usage), performance.now());
  call.room.giveBack();
  call.room = undefined;
}
