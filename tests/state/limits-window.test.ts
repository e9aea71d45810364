import { describe, expect, test } from "vitest";
import { SlidingWindow, type Step } from "@/server/state/limits-window";
import { seeded } from "@/tests/state/random";

const WINDOW_MS = 60_000;
const seeds = Array.from({ length: 60 }, (_, seed) => ({ seed }));

/** What a list of every admission says: the plain truth that the window must never fall short of. */
type Entry = { readonly atMs: number; amount: number };

function countedAt(entries: readonly Entry[], nowMs: number, lengthMs: number): number {
  return entries.reduce((sum, { atMs, amount }) => (atMs > nowMs - lengthMs ? sum + amount : sum), 0);
}

/** The most that any window of this length holds, wherever it begins. */
function fullest(entries: readonly Entry[]): number {
  let most = 0;
  for (const [first, { atMs }] of entries.entries()) {
    let sum = 0;
    for (const entry of entries.slice(first)) {
      if (entry.atMs >= atMs + WINDOW_MS) break;
      sum += entry.amount;
    }
    most = Math.max(most, sum);
  }
  return most;
}

describe("never more than the limit in any window", () => {
  test.each(seeds)("seed $seed", ({ seed }) => {
    const random = seeded(seed);
    const limit = [1, 3, 10, 64, 65, 500, 5_000][seed % 7] ?? 1;
    const largest = seed % 2 === 0 ? 1 : Math.max(1, Math.floor(limit / 4));
    const window = new SlidingWindow(WINDOW_MS);
    const admitted: Entry[] = [];
    let nowMs = random.below(1_000_000);
    let refused = 0;
    for (let turn = 0; turn < 2_000; turn++) {
      // Bursts, a steady flow, long silences, and moments on the very edge of a window.
      nowMs +=
        [0, 1, random.below(40), random.below(2_000), random.below(200) === 0 ? 2 * WINDOW_MS : 0][turn % 5] ?? 0;
      const amount = random.between(1, largest);
      const waitMs = window.waitMs(limit, amount, nowMs);
      const fits = countedAt(admitted, nowMs, WINDOW_MS) + amount <= limit;
      // A window that counts in steps is at most one step longer.
      const fitsEasily = countedAt(admitted, nowMs, WINDOW_MS * (1 + 1 / 64)) + amount <= limit;
      if (waitMs === 0) {
        expect(fits).toBe(true);
        window.add(amount, limit, nowMs);
        admitted.push({ atMs: nowMs, amount });
      } else {
        expect(limit <= 64 ? fits : fitsEasily).toBe(false);
        refused++;
      }
    }
    expect(fullest(admitted)).toBeLessThanOrEqual(limit);
    expect(admitted.length).toBeGreaterThan(0);
    if (largest > 1 || limit < 500) expect(refused).toBeGreaterThan(0);
  });
});

describe("amounts that are corrected later", () => {
  test.each(seeds.slice(0, 30))(
    "seed $seed: what counts is the reservation until it is settled, then what was used",
    ({ seed }) => {
      const random = seeded(1_000 + seed);
      const limit = random.between(20, 2_000);
      const window = new SlidingWindow(WINDOW_MS);
      const admitted: Entry[] = [];
      const open: { entry: Entry; step: Step }[] = [];
      let nowMs = 0;
      for (let turn = 0; turn < 3_000; turn++) {
        nowMs += random.below(400);
        const settled = random.below(3) === 0 ? open.splice(random.below(open.length), 1)[0] : undefined;
        if (settled) {
          const unused = random.below(settled.entry.amount + 1);
          window.take(settled.step, unused);
          settled.entry.amount -= unused;
        }
        const amount = random.between(1, Math.ceil(limit / 10));
        if (window.waitMs(limit, amount, nowMs) !== 0) continue;
        expect(countedAt(admitted, nowMs, WINDOW_MS) + amount).toBeLessThanOrEqual(limit);
        const entry = { atMs: nowMs, amount };
        admitted.push(entry);
        open.push({ entry, step: window.add(amount, limit, nowMs) });
      }
      expect(window.used(nowMs)).toBeGreaterThanOrEqual(countedAt(admitted, nowMs, WINDOW_MS));
      expect(window.used(nowMs + 2 * WINDOW_MS)).toBe(0);
    },
  );
});

test("the wait is as long as it must be, to the millisecond", () => {
  const window = new SlidingWindow(WINDOW_MS);
  window.add(1, 2, 0);
  window.add(1, 2, 10_000);
  expect(window.waitMs(2, 1, 20_000)).toBe(40_000);
  expect(window.waitMs(2, 2, 20_000)).toBe(50_000);
  expect(window.waitMs(2, 1, 59_999)).toBe(1);
  expect(window.waitMs(2, 1, 60_000)).toBe(0);
  expect(window.waitMs(2, 3, 60_000)).toBeUndefined();
  expect(window.resetMs(60_000)).toBe(10_000);
  expect(window.resetMs(70_000)).toBe(0);
});

test("a clock that is set back lets nothing leave early", () => {
  const window = new SlidingWindow(WINDOW_MS);
  window.add(1, 2, 100_000);
  window.add(1, 2, 50_000);
  expect(window.used(110_000)).toBe(2);
  expect(window.waitMs(2, 1, 159_999)).toBe(1);
});

test("what a step held is not taken from others once it has left", () => {
  const window = new SlidingWindow(WINDOW_MS);
  const step = window.add(5, 10, 0);
  window.add(7, 10, 60_000);
  expect(window.used(60_000)).toBe(7);
  window.take(step, 5);
  expect(window.used(60_000)).toBe(7);
});
