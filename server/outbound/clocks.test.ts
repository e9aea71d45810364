import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { heard, unwatch, type Waiting, watch } from "@/server/outbound/clocks";

class Waiter implements Waiting {
  quietMs = 0;
  place = -1;
  paused = false;
  wasLate = 0;
  limitMs: number;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
  }

  late(): void {
    this.wasLate++;
    unwatch(this);
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  if (vi.isFakeTimers()) vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
});

test("silence is never cut short, and ends soon after its limit", () => {
  vi.advanceTimersByTime(37);
  const one = new Waiter(300);
  watch(one);
  vi.advanceTimersByTime(299);
  expect(one.wasLate).toBe(0);
  vi.advanceTimersByTime(151);
  expect(one.wasLate).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(one.wasLate).toBe(1);
});

test("what is heard begins it anew, and a pause that is wished for does not count", () => {
  const one = new Waiter(300);
  watch(one);
  for (let times = 0; times < 10; times++) {
    vi.advanceTimersByTime(250);
    heard(one);
  }
  one.paused = true;
  vi.advanceTimersByTime(5_000);
  expect(one.wasLate).toBe(0);
  one.paused = false;
  vi.advanceTimersByTime(400);
  expect(one.wasLate).toBe(1);
});

test("the time in which this process was busy itself counts as two looks at most", async () => {
  vi.useRealTimers();
  const one = new Waiter(300);
  watch(one);
  const until = performance.now() + 600;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(one.wasLate).toBe(0);
  await expect.poll(() => one.wasLate, { timeout: 2_000 }).toBe(1);
  // Until the last look, which ends the looking.
  await new Promise((resolve) => setTimeout(resolve, 150));
});

test("one that ends others, and ends of others, leave nobody out", () => {
  const all = Array.from({ length: 5 }, () => new Waiter(200));
  for (const one of all) watch(one);
  const [first, second, , fourth] = all;
  if (!first || !second || !fourth) throw new Error("Five were made.");
  unwatch(second);
  unwatch(second);
  first.late = () => {
    first.wasLate++;
    unwatch(first);
    unwatch(fourth);
  };
  vi.advanceTimersByTime(1_000);
  expect(all.map(({ wasLate }) => wasLate)).toEqual([1, 0, 1, 0, 1]);
  expect(vi.getTimerCount(), "nobody is looked after any more").toBe(0);
});
