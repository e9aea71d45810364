/** Admissions that came close together, as one: they leave the window with the last of them. */
export type Step = { readonly fromMs: number; lastMs: number; amount: number };

/** Into how many steps a window is divided at least; so many entries, give or take, are what it costs in memory. */
const STEPS = 64;

/**
 * What was admitted during the last `windowMs`. It never counts less than what was, so that no window of that length, wherever
 * it begins, holds more than the limit. Up to a limit of 64 each admission leaves to the millisecond; above, those within a
 * 64th of the window leave together.
 */
export class SlidingWindow {
  readonly #windowMs: number;
  #steps: Step[] = [];
  #head = 0;
  #total = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** What counts at this moment. */
  used(nowMs: number): number {
    let step = this.#steps[this.#head];
    while (step && step.lastMs + this.#windowMs <= nowMs) {
      this.#total -= step.amount;
      step.amount = 0;
      this.#head++;
      step = this.#steps[this.#head];
    }
    if (this.#head > STEPS) {
      this.#steps.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#total;
  }

  /** Milliseconds until so much more fits: 0 = now, undefined = never, it is more than the limit itself. */
  waitMs(limit: number, amount: number, nowMs: number): number | undefined {
    if (amount > limit) return undefined;
    let over = this.used(nowMs) + amount - limit;
    if (over <= 0) return 0;
    for (let index = this.#head; index < this.#steps.length; index++) {
      const step = this.#steps[index];
      if (!step) break;
      over -= step.amount;
      if (over <= 0) return step.lastMs + this.#windowMs - nowMs;
    }
    return this.#windowMs;
  }

  /** Counts it, whether it fits or not. */
  add(amount: number, limit: number, nowMs: number): Step {
    const last = this.#steps.at(-1);
    // A clock that was set back must not let an admission leave early.
    const atMs = Math.max(nowMs, last?.lastMs ?? nowMs);
    this.#total += amount;
    if (last && this.#steps.length > this.#head && this.#joins(last, limit, atMs)) {
      last.lastMs = atMs;
      last.amount += amount;
      return last;
    }
    const step = { fromMs: atMs, lastMs: atMs, amount };
    this.#steps.push(step);
    return step;
  }

  /** Takes back at most so much of what a step holds; one that has left the window holds nothing. */
  take(step: Step, amount: number): void {
    const taken = Math.min(step.amount, amount);
    step.amount -= taken;
    this.#total -= taken;
  }

  /** Milliseconds until nothing of what counts now counts any more. */
  resetMs(nowMs: number): number {
    const last = this.#steps.at(-1);
    return last === undefined || this.used(nowMs) === 0 ? 0 : last.lastMs + this.#windowMs - nowMs;
  }

  #joins(last: Step, limit: number, atMs: number): boolean {
    if (limit > STEPS) return atMs - last.fromMs < this.#windowMs / STEPS;
    if (this.#steps.length - this.#head < 4 * STEPS) return false;
    // Corrections leave empty steps, which a small limit does not bound.
    this.#steps = this.#steps.slice(this.#head).filter((step) => step.amount > 0 || step === last);
    this.#head = 0;
    return this.#steps.length >= 4 * STEPS;
  }
}
