import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { pursesOf } from "@/server/state/budgets";
import type { CallerBudget } from "@/server/state/callers";
import { returnLeases } from "@/server/state/purses";
import { callerWith } from "@/tests/state/caller";

const HOUR_MS = 3_600_000;

function budget(more: Partial<CallerBudget> = {}): CallerBudget {
  return {
    id: randomUUID(),
    name: "",
    owner: "group",
    limitNano: 1_000n,
    models: [],
    soft: false,
    period: "total",
    hours: null,
    timeZone: "UTC",
    resetAtMs: null,
    ...more,
  };
}

/** The purse of a caller with this one budget. */
function purseOf(one: CallerBudget, nowMs = Date.now()) {
  const [purse] = pursesOf({ ...callerWith({}), budgets: [one] }, ["m"], nowMs);
  if (!purse) throw new Error("A budget for all models has a purse.");
  return purse;
}

test("keys that share a budget share its purse, which knows the budget of whoever asked last", () => {
  const before = budget({ soft: true });
  const [ofA, ofC] = [{ ...before, soft: false }, before];
  expect(purseOf(ofA).budget?.soft).toBe(false);
  // A call that began before the budget was edited.
  expect(purseOf(ofC).budget?.soft).toBe(true);
  expect(purseOf(ofA).budget?.soft).toBe(false);
  expect(purseOf(ofA)).toBe(purseOf(ofC));
});

test("a window's end and a reset begin another purse", () => {
  const hourly = budget({ period: "hours", hours: 1 });
  const now = Date.now();
  const first = purseOf(hourly, now);
  expect(purseOf(hourly, now)).toBe(first);
  expect(purseOf(hourly, now + 2 * HOUR_MS)).not.toBe(first);
  expect(purseOf({ ...hourly, resetAtMs: now + 1 }, now + 2)).not.toBe(first);
});

test("a purse that was given to a call a moment ago is not forgotten, and one that is comes back as another", async () => {
  const one = budget();
  const long = Date.now() - HOUR_MS;
  const purse = purseOf(one);
  await returnLeases();
  expect(purseOf(one)).toBe(purse);
  purse.usedAtMs = long;
  await returnLeases();
  expect(purse.forgotten).toBe(true);
  expect(purseOf(one)).not.toBe(purse);
});
