/** The levels of `output_config.effort`, from the least. */
export const reasoningEfforts = ["low", "medium", "high", "xhigh", "max"] as const;
export type ReasoningEffort = (typeof reasoningEfforts)[number];

/** The strongest of the levels that a model has which is not above the wanted one; its weakest when all are. */
export function nearestEffort(
  wanted: ReasoningEffort,
  levels: readonly ReasoningEffort[],
): ReasoningEffort | undefined {
  const rank = reasoningEfforts.indexOf(wanted);
  return levels.findLast((level) => reasoningEfforts.indexOf(level) <= rank) ?? levels[0];
}
