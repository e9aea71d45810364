import type { JsonObject } from "@/server/dialects/dialect";
import type { Call, CallTarget } from "@/server/gateway/call";
import { promptTokens } from "@/server/gateway/eligible";
import { routeId } from "@/server/gateway/resolve";
import { costOf } from "@/server/money";
import { priceAt } from "@/server/state/catalog";
import { routeOf } from "@/server/state/route-health";
import { expectedWaitMs } from "@/server/state/route-latency";
import { chance, nextTurn } from "@/server/state/turns";
import { isRecord } from "@/server/wire/json";
import { noUsage } from "@/server/wire/usage";

/** Characters of a prompt's beginnings that tell conversations apart. */
const PREFIX_LENGTH = 1_024;

/** Tokens of an answer that a cost is reckoned with at least where no limit was asked for, and at most: limits are often set far too high. */
const USUAL_ANSWER = 256;
const LONGEST_ANSWER = 4_096;

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
      return byAffinity(call, targets);
    default:
      return targets;
  }
}

/** A random order in which a heavier target is more likely to come early. Weight 0 comes last. */
function byWeight(targets: readonly CallTarget[], weightOf: (target: CallTarget) => number): readonly CallTarget[] {
  // Efraimidis and Spirakis: the order of u^(1/w) draws without replacement in proportion to the weights.
  return sorted(targets, (target) => {
    const weight = weightOf(target);
    return weight <= 0 ? Number.POSITIVE_INFINITY : -Math.log(1 - chance()) / weight;
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
  return expectedWaitMs(routeOf(routeId(target)), Date.now());
}

/** What the request would cost there by the length of its prompt and of the answer that it asks for. */
function expectedCost(call: Call, { deployment }: CallTarget): number {
  const price = deployment && priceAt(deployment, call.startedAtMs);
  if (!price) return Number.POSITIVE_INFINITY;
  const { asked } = call;
  call.requestTokens ||= asked ? promptTokens(asked.bytes) : 0;
  const input = call.requestTokens;
  const output = Math.min(asked?.askedTokens ?? Math.max(USUAL_ANSWER, Math.ceil(input / 4)), LONGEST_ANSWER);
  return Number(costOf({ ...noUsage, input, output }, price.rates));
}

/** Each conversation has an order of its own, which stays as it is while targets come and go (rendezvous hashing). */
function byAffinity(call: Call, targets: readonly CallTarget[]): readonly CallTarget[] {
  const conversation = affinityOf(call);
  return sorted(targets, (target) => placeOf(conversation, routeId(target)));
}

/** What a call's conversation is known by: the same number for each of its turns. */
export function affinityOf(call: Call): number {
  call.affinity ??= hash(`${call.caller?.keyId} ${call.asked ? conversationOf(call.asked.body) : ""}`);
  return call.affinity;
}

/** A number from 0 up to 2³² for a conversation and one of those that may serve it: who has the least is asked first. */
export function placeOf(affinity: number, id: string): number {
  return mixed(affinity ^ hash(id));
}

/**
 * The beginning of a request's texts, which later turns of the same conversation share: what precedes the turns, and the first of the
 * user's. Not what surrounds them: marks for a vendor's prompt cache move from turn to turn, and a text may become a list of one.
 */
export function conversationOf(body: JsonObject): string {
  const { system, instructions, messages, contents, input, prompt } = body;
  const before = beginning(system ?? instructions ?? body.systemInstruction ?? body.system_instruction);
  const turns = [messages, contents, input].find((one) => Array.isArray(one));
  if (!Array.isArray(turns)) return `${before}\n\n${beginning(input ?? prompt)}`;
  const first = Math.max(
    0,
    turns.findIndex((turn) => isRecord(turn) && (turn.role ?? "user") === "user"),
  );
  return `${before}\n${beginning(turns.slice(0, first))}\n${beginning(turns[first])}`;
}

/** Fields that say how a text is framed, and not what it says. */
const FRAME = new Set(["cache_control", "type", "role", "id", "status"]);

/** The texts of a value in a row, as far as conversations are told apart by them. */
function beginning(value: unknown): string {
  if (typeof value === "string") return value.slice(0, PREFIX_LENGTH);
  if (typeof value === "number") return String(value);
  let text = "";
  if (Array.isArray(value)) {
    for (const one of value) {
      if (text.length >= PREFIX_LENGTH) break;
      text += beginning(one);
    }
  } else if (isRecord(value)) {
    for (const name in value) {
      if (text.length >= PREFIX_LENGTH) break;
      if (!FRAME.has(name)) text += beginning(value[name]);
    }
  }
  return text.slice(0, PREFIX_LENGTH);
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

/** Spreads the bits of a hash (the finalizer of MurmurHash3). */
function mixed(value: number): number {
  let spread = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  spread = Math.imul(spread ^ (spread >>> 13), 0xc2b2ae35);
  return (spread ^ (spread >>> 16)) >>> 0;
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
