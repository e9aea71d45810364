import type { Call, CallTarget } from "@/server/gateway/call";
import { roomInSeconds, takeRoom } from "@/server/state/deployment-limits";
import { inputTokens, outputTokens } from "@/server/wire/usage";

/** Whether a target's own limits let this call in now. */
export function hasRoom(call: Call, target: CallTarget): boolean {
  return roomSeconds(call, target) === 0;
}

/** Seconds until they do; undefined = never. */
export function roomSeconds(call: Call, { deployment }: CallTarget): number | undefined {
  return deployment ? roomInSeconds(deployment, call.requestTokens, performance.now()) : 0;
}

/** Counts an attempt against its target's own limits, until `leaveRoom`. */
export function occupyRoom(call: Call, { deployment }: CallTarget): void {
  if (deployment) call.room = takeRoom(deployment, call.requestTokens, performance.now());
}

/** Gives the place back, and puts the tokens that were used in the place of those that were thought of. */
export function leaveRoom(call: Call): void {
  if (!call.room) return;
  const usage = call.usage ?? call.estimate;
  if (usage) call.room.settleTokens(inputTokens(usage) + outputTokens(usage), performance.now());
  call.room.giveBack();
  call.room = undefined;
}
