import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId } from "@/server/gateway/resolve";
import { costOf } from "@/server/money";
import { priceAt } from "@/server/state/catalog";
import { routeOf } from "@/server/state/route-health";
import { nextTurn } from "@/server/state/turns";
import { noUsage } from "@/server/wire/usage";

/** Bytes of a prompt's beginning that a conversation keeps from turn to turn. */
const PREFIX_BYTES = 2_048;

/**
 * Targets in the order in which a strategy would try them. Those of a lower priority number always come first; the strategy decides
 * among equals.
 */
export function ordered(call: Call, strategy: string, targets: readonly CallTarget[]): readonly CallTarget[] {
  if (strategy === "priority") return targets;
  const groups = Map.groupBy(targets, ({ deployment }) => deployment?.priority ?? 0);
  if (groups.size === 1) return among(call, strategy, targets);
  return [...groups.entries()].sort(([a], [b]) => a - b).flatMap(([, group]) => among(call, strategy, group));
}

function among(call: Call, strategy: string, targets: readonly CallTarget[]): readonly CallTarget[] {
  switch (strategy) {
    case "weighted":
      return byWeight(targets, ({ deployment }) => deployment?.weight ?? 1);
    case "random":
      return byWeight(targets, () => 1);
    case "round-robin":
      return turned(targets, nextTurn(targets.map(routeId).join(" ")) % targets.length);
    case "least-busy":
      return sorted(
        targets,
        (target) => routeOf(routeId(target)).inFlight / Math.max(1, target.deployment?.weight ?? 1),
      );
    case "lowest-latency":
      return byLatency(targets);
    case "lowest-cost":
      return sorted(targets, (target) => expectedCost(call, target));
    case "sticky":
      return sorted(targets, (target) => -affinity(call, target));
    default:
      return targets;
  }
}

/** A random order in which a heavier target is more likely to come early. Weight 0 comes last. */
function byWeight(targets: readonly CallTarget[], weightOf: (target: CallTarget) => number): readonly CallTarget[] {
  // Efraimidis and Spirakis: the order of u^(1/w) draws without replacement in proportion to the weights.
  return sorted(targets, (target) => {
    const weight = weightOf(target);
    return weight <= 0 ? Number.POSITIVE_INFINITY : -Math.log(1 - Math.random()) / weight;
  });
}

/** Two at random, the quicker first: all calls on the quickest would make it the slowest. */
function byLatency(targets: readonly CallTarget[]): readonly CallTarget[] {
  const shuffled = byWeight(targets, () => 1);
  const [first, second, ...rest] = shuffled;
  if (!first || !second) return shuffled;
  return loadOf(second) < loadOf(first) ? [second, first, ...rest] : shuffled;
}

/** What a call would wait for its first token there; one that was never tried is tried. */
function loadOf(target: CallTarget): number {
  const route = routeOf(routeId(target));
  return (route.firstTokenMs ?? 0) * (route.inFlight + 1);
}

function expectedCost(call: Call, { deployment }: CallTarget): number {
  const price = deployment && priceAt(deployment, call.startedAtMs);
  if (!price) return Number.POSITIVE_INFINITY;
  const input = Math.ceil(call.requestBytes / 4);
  return Number(costOf({ ...noUsage, input, output: Math.max(256, Math.ceil(input / 4)) }, price.rates));
}

/** How well a conversation fits a target: the highest wins, and it stays so while targets come and go (rendezvous hashing). */
function affinity(call: Call, target: CallTarget): number {
  return hash(`${routeId(target)} ${call.caller?.keyId} ${call.conversation?.() ?? ""}`);
}

/** The beginning of a body, which later turns of the same conversation share. */
export function conversationOf(bytes: Buffer): string {
  return bytes.toString("latin1", 0, Math.min(bytes.length, PREFIX_BYTES));
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

function turned(targets: readonly CallTarget[], by: number): readonly CallTarget[] {
  return [...targets.slice(by), ...targets.slice(0, by)];
}

function sorted(targets: readonly CallTarget[], rank: (target: CallTarget) => number): readonly CallTarget[] {
  return targets
    .map((target) => ({ target, rank: rank(target) }))
    .sort((a, b) => a.rank - b.rank || 0)
    .map(({ target }) => target);
}
