import { strategies } from "@/server/api/models.schema";

type Strategy = (typeof strategies)[number];

const texts: Record<Strategy, { label: string; hint: string }> = {
  priority: { label: "By priority", hint: "The lowest number first; the next one when it fails." },
  weighted: { label: "By weight", hint: "Calls are shared out in proportion to the weights." },
  "round-robin": { label: "In turn", hint: "One after the other." },
  random: { label: "At random", hint: "Any of them, without regard to weights." },
  "least-busy": { label: "Least busy", hint: "The one with the fewest calls under way." },
  "lowest-latency": { label: "Lowest latency", hint: "The one that has answered soonest lately." },
  "lowest-cost": { label: "Lowest cost", hint: "The cheapest one that works." },
  sticky: { label: "Sticky", hint: "A conversation stays with the one that began it." },
};

/** The ways to choose a deployment, for a select. */
export const strategyOptions = strategies.map((value) => ({ value, ...texts[value] }));

/** A strategy's name in words; one that is not known here is shown as it is. */
export function strategyLabel(strategy: string): string {
  return strategyOptions.find((option) => option.value === strategy)?.label ?? strategy;
}

/** A stored strategy as one of those that can be chosen. */
export function strategyFrom(strategy: string): Strategy {
  return strategies.find((known) => known === strategy) ?? "priority";
}
