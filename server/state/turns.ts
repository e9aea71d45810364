import { randomInt } from "node:crypto";
import { singleton } from "@/server/singleton";

/** What strategies draw from: the turns of groups of targets, and random numbers that can be drawn in advance. */
const held = singleton("turns", () => ({ turns: new Map<string, number>(), drawn: randomInt(2 ** 32) }));

/** The next number in the row of a group of targets: 0, 1, 2 … */
export function nextTurn(group: string): number {
  const turn = held.turns.get(group) ?? 0;
  held.turns.set(group, (turn + 1) % 1_000_000_007);
  return turn;
}

/** A random number from 0 up to 1. Not for secrets. */
export function chance(): number {
  // Mulberry32: one word of state, so that a rehearsal can put it back.
  held.drawn = (held.drawn + 0x6d2b79f5) | 0;
  let value = Math.imul(held.drawn ^ (held.drawn >>> 15), held.drawn | 1);
  value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
  return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
}

/** Does work that draws turns and random numbers, and has the next call draw the same ones. */
export function rehearse<T>(work: () => T): T {
  const { turns, drawn } = held;
  held.turns = new Map(turns);
  try {
    return work();
  } finally {
    held.turns = turns;
    held.drawn = drawn;
  }
}
