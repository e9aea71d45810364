/** True when a key with these patterns may use a model: `*` is any, a star at the end matches what begins so. */
export function mayUse(patterns: readonly string[], model: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : pattern === model,
  );
}
