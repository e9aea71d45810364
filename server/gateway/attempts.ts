import { setTimeout as sleep } from "node:timers/promises";
import { env } from "@/server/env";
import { GatewayError, isGatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { mayBeLarger } from "@/server/gateway/eligible";
import type { Reply } from "@/server/gateway/endpoint";
import { hedged } from "@/server/gateway/hedge";
import { type Going, makeAttempt, type Way } from "@/server/gateway/make-attempt";
import { isOver, isWithin, overLimit, takeModel } from "@/server/gateway/model-limits";
import { pays } from "@/server/gateway/other-models";
import { outOfService } from "@/server/gateway/out-of-service";
import { isFor, routeId, type Stage } from "@/server/gateway/resolve";
import {
  type Choice,
  comesBack,
  LAST_WAIT_MS,
  LONGEST_WAIT_MS,
  lastResort,
  nextTarget,
  type Tried,
} from "@/server/gateway/select";
import { type Verdict, verdictOf } from "@/server/gateway/verdict";
import type { Encoded } from "@/server/providers/provider";

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 4_000;
const SHORTEST_PAUSE_MS = 50;
/** How long a call that finds nothing in service waits for a target to come back. */
export const PATIENCE_MS = 3_000;
/** One that has failed elsewhere waits for longer than a breaker is ever open. */
const LAST_PATIENCE_MS = 6_000;
/** How often it looks. */
const LOOK_MS = 100;
/** Callers that were told the same time do not all come back at it. */
const MAX_LAG_MS = 100;
const MAX_ATTEMPTS = 20;

/**
 * Brings a call to an answer: target after target, stage after stage, until one has committed to it or none is left. A target is tried
 * again only within the call's retries, after a pause, and never after silence. A call that already failed, as a stream that `broke`,
 * has nothing to lose and asks targets too that are out of service. Throws the last failure, or the first refusal of the request
 * itself.
 */
export async function attempt<Prepared extends Encoded>(
  call: Call,
  stages: readonly Stage[],
  way: Way<Prepared> & { readonly broke?: GatewayError },
): Promise<Reply> {
  const run = new Run(call, stages, way);
  if (way.broke) run.begunWith(way.broke);
  const reply =
    (await run.first()) ??
    (await run.throughStages()) ??
    (await run.lastResorts()) ??
    (await run.whenOneComesBack()) ??
    (await run.whenLimitsEnd());
  if (reply) return reply;
  throw run.failure ?? allOver(call, stages) ?? outOfService(call, stages);
}

/** Where it is limits alone that keep a call from being tried. */
function allOver(call: Call, stages: readonly Stage[]): GatewayError | undefined {
  return stages.every((stage) => !isFor(stage, undefined) || isOver(call, stage)) ? overLimit(call) : undefined;
}

/** The attempts of one call. */
class Run<Prepared extends Encoded> {
  failure: GatewayError | undefined;
  /** What the failures so far mean for what may follow: that the content was refused, or the prompt too long, holds from then on. */
  #ended: Verdict | undefined;
  /** The last attempt, or one of two side by side, refused the content. */
  #refused = false;
  #call: Call;
  #stages: readonly Stage[];
  #way: Way<Prepared>;
  #tried: Tried | undefined;
  #attempts = 0;
  /** Attempts at a target that had failed as it is. */
  #repeats = 0;
  /** Since the last attempt. */
  #waitedMs = 0;
  /** How long it may still wait for limits and pauses. */
  #mayWaitMs = LONGEST_WAIT_MS;
  /** It goes on with a stream that broke off, which is one provider's turn after the other's. */
  #goesOn = false;

  constructor(call: Call, stages: readonly Stage[], way: Way<Prepared>) {
    this.#call = call;
    this.#stages = stages;
    this.#way = way;
  }

  /** What the call failed with before it came here. */
  begunWith(failure: GatewayError): void {
    this.#goesOn = true;
    this.failure = failure;
    this.#tried = new Map();
  }

  /** The first attempt, apart from the others because nearly every call ends with it. */
  first(): Promise<Reply | undefined> | undefined {
    const [stage] = this.#stages;
    if (!stage || !this.#mayAsk(stage) || !isWithin(this.#call, stage)) return undefined;
    const next = nextTarget(this.#call, stage, this.#tried);
    return next && next.waitMs === 0 ? this.#one(next, stage) : undefined;
  }

  async throughStages(): Promise<Reply | undefined> {
    for (const stage of this.#stages) {
      // What refused the content is followed by another model, if by any.
      if (!this.#mayAsk(stage) || (this.#ended === "policy" && stage === this.#stages[0])) continue;
      const reply = await this.#within(stage);
      if (reply) return reply;
    }
    return undefined;
  }

  /** Where all that is left is limited, or fails too often just now: a short wait is better than a failure. */
  async whenOneComesBack(): Promise<Reply | undefined> {
    const patienceMs = this.#tried ? LAST_PATIENCE_MS : PATIENCE_MS;
    const until = performance.now() + patienceMs;
    for (let leftMs = patienceMs; leftMs > 0 && this.#attempts < MAX_ATTEMPTS; leftMs = until - performance.now()) {
      if (this.#ended === "policy" || !comesBack(this.#call, this.#open(), { tried: this.#tried, withinMs: leftMs }))
        return undefined;
      if (!(await this.#waited(LOOK_MS))) return undefined;
      const reply = (await this.throughStages()) ?? (await this.lastResorts());
      if (reply) return reply;
    }
    return undefined;
  }

  /** Where a provider said when to come again, and nothing else is left, the call waits for that as long as its own time allows. */
  async whenLimitsEnd(): Promise<Reply | undefined> {
    if (!this.#tried || this.#ended === "policy") return undefined;
    this.#mayWaitMs = LAST_WAIT_MS;
    return this.throughStages();
  }

  /** Better a target whose breaker is open than a failure; a call that found none in service fails at once. */
  async lastResorts(): Promise<Reply | undefined> {
    while (this.#mayResort()) {
      const last = this.#tried && lastResort(this.#call, this.#open(), this.#tried);
      if (!last) return undefined;
      if (!isWithin(this.#call, last.stage)) {
        await takeModel(this.#call, last.stage);
        // What has become of the targets meanwhile is looked at anew.
        continue;
      }
      const before = this.#ended;
      // What it says of the request may open stages that were closed.
      const reply =
        (await this.#one(last.choice, last.stage)) ?? (this.#ended === before ? undefined : await this.throughStages());
      if (reply) return reply;
    }
    return undefined;
  }

  #mayResort(): boolean {
    const { failure } = this;
    return (
      this.#ended !== "policy" &&
      failure !== undefined &&
      failure.kind !== "invalid_request" &&
      this.#attempts < MAX_ATTEMPTS
    );
  }

  #mayAsk(stage: Stage): boolean {
    return isFor(stage, this.#ended) && pays(this.#call, stage) && !isOver(this.#call, stage);
  }

  /** The stages that are there for what the attempts so far ended with. */
  #open(): readonly Stage[] {
    return this.#stages.filter((stage) => this.#mayAsk(stage));
  }

  /** Undefined when the stage's targets have failed. */
  async #within(stage: Stage): Promise<Reply | undefined> {
    const retries = stage.settings.retries ?? env.retries;
    while (this.#attempts < MAX_ATTEMPTS) {
      const next = nextTarget(this.#call, stage, this.#tried, this.#mayWaitMs);
      if (!next || (next.repeated && this.#repeats >= retries)) return undefined;
      if (next.waitMs > 0) {
        if (!(await this.#waited(next.waitMs))) return undefined;
        this.#mayWaitMs -= next.waitMs;
        // What else has become of the targets meanwhile is looked at anew.
        continue;
      }
      if (!isWithin(this.#call, stage)) {
        if (await takeModel(this.#call, stage)) continue;
        return undefined;
      }
      if (next.repeated) this.#repeats++;
      const reply = await this.#one(next, stage);
      if (reply || this.#refused) return reply;
    }
    return undefined;
  }

  async #waited(ms: number): Promise<boolean> {
    const inTime = await waited(this.#call, ms);
    if (inTime) this.#waitedMs += ms;
    return inTime;
  }

  /** One attempt; undefined when it failed and others may not. */
  async #one({ target }: Choice, stage: Stage): Promise<Reply | undefined> {
    this.#attempts++;
    this.#refused = false;
    const going = { stage, waitedMs: this.#waitedMs };
    this.#waitedMs = 0;
    if (going.stage.settings.hedge && this.#call.stream && !this.#goesOn) return this.#hedged(target, going);
    const made = await makeAttempt(this.#call, target, { way: this.#way, going });
    if (!isGatewayError(made)) return made;
    this.#failed(target, made);
    return undefined;
  }

  /** The same with a second target beside it, where the first is slow to begin. */
  #hedged(first: CallTarget, going: Going): Promise<Reply | undefined> {
    const second = (): CallTarget | undefined => {
      const trial = { times: 1, keys: [], verdict: "elsewhere" as const, again: 0 };
      const next = nextTarget(this.#call, going.stage, new Map(this.#tried).set(routeId(first), trial));
      return next && next.waitMs === 0 && !next.repeated ? next.target : undefined;
    };
    const failed = (target: CallTarget, error: GatewayError): void => this.#failed(target, error);
    return hedged(this.#call, { first, second, going, way: this.#way, failed });
  }

  /** Throws where the call has failed with it. */
  #failed(target: CallTarget, error: GatewayError): void {
    const call = this.#call;
    if (call.cancel.aborted || call.settled) throw error;
    const verdict = this.#way.judge?.(error, target) ?? verdictOf(error);
    if (verdict === "final") throw error;
    if (verdict === "policy") this.#refused = true;
    if (this.#ended !== "policy" && (this.#ended !== "larger" || verdict === "policy")) this.#ended = verdict;
    this.#note(target, { verdict, error });
  }

  #note(target: CallTarget, { verdict, error }: { verdict: Verdict; error: GatewayError }): void {
    // The first refusal of a request tells its caller more than what followed from it.
    const refused = this.failure?.kind === "invalid_request" || this.failure?.kind === "upstream_rejected";
    if (!refused) this.failure = error;
    this.#tried ??= new Map();
    const id = routeId(target);
    const known = this.#tried.get(id);
    const times = (known?.times ?? 0) + 1;
    const failedKeys = known?.keys ?? [];
    const keys =
      target.key && (verdict === "limited" || verdict === "other-key") ? [...failedKeys, target.key.id] : failedKeys;
    this.#tried.set(id, {
      times,
      keys,
      lastKey: target.key?.id,
      verdict,
      again: verdict === "at-once" ? 0 : performance.now() + pauseMs(times, error),
    });
    if (verdict !== "larger") return;
    // What is not larger, as far as is known, would say the same.
    for (const other of this.#stages.flatMap(({ targets }) => targets))
      if (!mayBeLarger(other, target)) this.#tried.set(routeId(other), { times: 1, keys: [], verdict, again: 0 });
  }
}

/** Full jitter: callers that failed together do not come back together. */
function pauseMs(times: number, { retryAfterSeconds }: GatewayError): number {
  if (retryAfterSeconds !== undefined) return retryAfterSeconds * 1_000 + Math.random() * MAX_LAG_MS;
  return Math.max(SHORTEST_PAUSE_MS, Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** times));
}

/** Waits within the call's time; false when it would be up before. */
async function waited(call: Call, ms: number): Promise<boolean> {
  if (performance.now() + ms >= call.untilTick) return false;
  const { cancel } = call;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  cancel.onAbort(onAbort);
  try {
    await sleep(ms, undefined, { signal: stop.signal });
    return true;
  } catch {
    // The caller left while the call waited.
    throw new GatewayError("cancelled", "The caller left before the answer was complete.");
  } finally {
    cancel.offAbort(onAbort);
  }
}
