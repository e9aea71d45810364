/** Whether a pattern covers a model's name: they are equal, or it ends in a star and the name begins with what precedes that. */
export function coversModel(pattern: string, model: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : pattern === model;
}
