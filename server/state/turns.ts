import { singleton } from "@/server/singleton";

const held = singleton("turns", () => new Map<string, number>());

/** The next number in the row of a group of targets: 0, 1, 2 … */
export function nextTurn(group: string): number {
  const turn = held.get(group) ?? 0;
  held.set(group, (turn + 1) % 1_000_000_007);
  return turn;
}
