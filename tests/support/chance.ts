import { expect } from "vitest";

/** Less than one in a million sets of draws is farther off. */
const DEVIATIONS = 5;

/** Expects a part of independent draws to be what chance makes of a probability. */
export function expectShare(found: number, probability: number, draws: number): void {
  const deviation = Math.sqrt((probability * (1 - probability)) / draws);
  expect(found, `a share of ${draws} draws`).toBeGreaterThan(probability - DEVIATIONS * deviation);
  expect(found, `a share of ${draws} draws`).toBeLessThan(probability + DEVIATIONS * deviation);
}
