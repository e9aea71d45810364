import { factsOf, type LimitFacts, type RefusedBy, refusalOf } from "@/server/state/limits-facts";
import type { LimitRule } from "@/server/state/limits-rules";
import { SlidingWindow, type Step } from "@/server/state/limits-window";

/** A call that waits for a place tries again after this. */
const PLACE_WAIT_MS = 1_000;
const FIRST_SWEEP = 1_024;

/** What one admitted call holds. Each function acts once. */
export type Hold = {
  /** Gives its places among the calls under way back. */
  giveBack(): void;
  /** Puts the tokens that were used in the place of those that were reserved. */
  settleTokens(actual: number, nowMs: number): void;
  /** Takes everything back, as if the call had never come. */
  undo(): void;
};

/** The answer to a call; a refused one has left no trace. */
export type Held =
  | { readonly admitted: true; readonly facts: LimitFacts; readonly hold: Hold }
  | { readonly admitted: false; readonly facts: LimitFacts; readonly refusedBy: RefusedBy };

/** Limits as one process keeps them: no promise, no timer, and for each limit in use a few kilobytes at most. */
export class MemoryLimits {
  readonly #windows = new Map<string, SlidingWindow>();
  readonly #running = new Map<string, number>();
  #sweepAt = FIRST_SWEEP;

  /** Takes all that a call needs of every rule, or nothing. `nowMs` is of one monotonic clock. */
  reserve(rules: readonly LimitRule[], tokens: number, nowMs: number): Held {
    const refusedBy = this.refusal(rules, tokens, nowMs);
    if (refusedBy) return { admitted: false, facts: this.facts(rules, nowMs), refusedBy };
    const steps = rules.map((rule) => this.#take(rule, tokens, nowMs));
    return { admitted: true, facts: this.facts(rules, nowMs), hold: new Taken(this, { rules, steps, tokens }) };
  }

  /** The limit that stands against a call, without taking anything; undefined when it would be let in. */
  refusal(rules: readonly LimitRule[], tokens: number, nowMs: number): RefusedBy | undefined {
    return refusalOf(rules, (rule) => this.#waitMs(rule, tokens, nowMs));
  }

  /** How the limits stand, without taking anything. */
  facts(rules: readonly LimitRule[], nowMs: number): LimitFacts {
    return factsOf(rules, ({ id }) => {
      const window = this.#windows.get(id);
      return window ? { used: window.used(nowMs), resetMs: window.resetMs(nowMs) } : unused;
    });
  }

  /** How many limits are remembered. */
  get size(): number {
    return this.#windows.size + this.#running.size;
  }

  #waitMs({ id, counts, limit }: LimitRule, tokens: number, nowMs: number): number | undefined {
    if (counts === "calls") return (this.#running.get(id) ?? 0) < limit ? 0 : PLACE_WAIT_MS;
    const amount = counts === "tokens" ? tokens : 1;
    const window = this.#windows.get(id);
    if (window) return window.waitMs(limit, amount, nowMs);
    return amount > limit ? undefined : 0;
  }

  #take({ id, counts, limit, windowMs }: LimitRule, tokens: number, nowMs: number): Step | undefined {
    if (counts === "calls") {
      this.#running.set(id, (this.#running.get(id) ?? 0) + 1);
      return undefined;
    }
    const amount = counts === "tokens" ? tokens : 1;
    return amount === 0 ? undefined : this.#window(id, windowMs, nowMs).add(amount, limit, nowMs);
  }

  /** Gives one place among the calls under way back. */
  leave(id: string): void {
    const left = (this.#running.get(id) ?? 0) - 1;
    if (left > 0) this.#running.set(id, left);
    else this.#running.delete(id);
  }

  /** Unused tokens are free at once; those beyond the reservation count from now on. */
  correct({ id, limit, windowMs }: LimitRule, step: Step | undefined, { reserved, actual, nowMs }: Correcting): void {
    if (actual > reserved) this.#window(id, windowMs, nowMs).add(actual - reserved, limit, nowMs);
    else if (step) this.#windows.get(id)?.take(step, reserved - actual);
  }

  /** Takes what a call took of a limit back. */
  takeBack({ id, counts }: LimitRule, step: Step | undefined, tokens: number): void {
    if (step) this.#windows.get(id)?.take(step, counts === "tokens" ? tokens : 1);
  }

  #window(id: string, windowMs: number, nowMs: number): SlidingWindow {
    let window = this.#windows.get(id);
    if (!window) {
      if (this.#windows.size >= this.#sweepAt) this.#sweep(nowMs);
      window = new SlidingWindow(windowMs);
      this.#windows.set(id, window);
    }
    return window;
  }

  /** Forgets windows that are empty; by doing it each time their number has doubled, it costs next to nothing a call. */
  #sweep(nowMs: number): void {
    for (const [id, window] of this.#windows) if (window.used(nowMs) === 0) this.#windows.delete(id);
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#windows.size);
  }
}

const unused = { used: 0, resetMs: 0 };

type Correcting = { readonly reserved: number; readonly actual: number; readonly nowMs: number };

type What = {
  readonly rules: readonly LimitRule[];
  /** By rule. */
  readonly steps: readonly (Step | undefined)[];
  readonly tokens: number;
};

/** What one admitted call took. */
class Taken implements Hold {
  readonly #limits: MemoryLimits;
  readonly #what: What;
  #placesHeld = true;
  #open = true;

  constructor(limits: MemoryLimits, what: What) {
    this.#limits = limits;
    this.#what = what;
  }

  giveBack(): void {
    if (!this.#placesHeld) return;
    this.#placesHeld = false;
    for (const { id, counts } of this.#what.rules) if (counts === "calls") this.#limits.leave(id);
  }

  settleTokens(actual: number, nowMs: number): void {
    if (!this.#open) return;
    this.#open = false;
    const { rules, steps, tokens: reserved } = this.#what;
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index];
      if (rule?.counts === "tokens") this.#limits.correct(rule, steps[index], { reserved, actual, nowMs });
    }
  }

  undo(): void {
    this.giveBack();
    if (!this.#open) return;
    this.#open = false;
    const { rules, steps, tokens } = this.#what;
    for (const [index, rule] of rules.entries()) this.#limits.takeBack(rule, steps[index], tokens);
  }
}
