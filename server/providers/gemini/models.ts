/** The levels of `thinkingConfig.thinkingLevel`, from the least. */
const LEVELS = ["MINIMAL", "LOW", "MEDIUM", "HIGH"] as const;
export type ThinkingLevel = (typeof LEVELS)[number];

/** How a model's thinking is set: by level, by a budget of tokens, or not at all. */
export type ThinkingKind =
  | { readonly by: "level"; readonly levels: readonly ThinkingLevel[] }
  | { readonly by: "budget"; readonly min: number; readonly max: number; readonly canBeOff: boolean }
  | { readonly by: "nothing" };

export type ModelFacts = {
  readonly thinking: ThinkingKind;
  /** Gemini 3 and later: tool calls need signatures, results may hold pictures, and tools go with structured output. */
  readonly signsCalls: boolean;
};

/**
 * What of a model's abilities changes a request; a model that is newer than this table is taken to be like the newest.
 * Source: Gemini API, "Gemini thinking" and "Gemini 3 developer guide".
 */
export function modelFacts(model: string): ModelFacts {
  const name = model.slice(model.lastIndexOf("/") + 1);
  const version = /^gemini-(\d+)(?:\.(\d+))?/.exec(name);
  const latest = /^gemini-(flash|flash-lite|pro)-latest$/.test(name);
  const generation = version ? Number(version[1]) + Number(version[2] ?? 0) / 10 : latest ? 3.5 : 0;
  const signsCalls = generation >= 3;
  if (/image|tts|audio|live|robotics/.test(name)) return { signsCalls, thinking: { by: "nothing" } };
  if (signsCalls) return { signsCalls, thinking: { by: "level", levels: levelsOf(name, generation) } };
  if (generation >= 2.5) return { signsCalls, thinking: budgetOf(name) };
  return { signsCalls, thinking: { by: "nothing" } };
}

function levelsOf(name: string, generation: number): readonly ThinkingLevel[] {
  if (name.includes("pro")) return generation < 3.1 ? ["LOW", "HIGH"] : ["LOW", "MEDIUM", "HIGH"];
  return /^gemini-3(\.1|\.5)?-flash/.test(name) ? LEVELS : ["LOW", "MEDIUM", "HIGH"];
}

function budgetOf(name: string): ThinkingKind {
  if (name.includes("pro")) return { by: "budget", min: 128, max: 32_768, canBeOff: false };
  return { by: "budget", min: name.includes("lite") ? 512 : 1, max: 24_576, canBeOff: true };
}

/** The strongest of the levels that is not above the wanted one; the weakest when all are. */
export function nearestLevel(wanted: ThinkingLevel, levels: readonly ThinkingLevel[]): ThinkingLevel {
  const rank = LEVELS.indexOf(wanted);
  // Where a model has no middle, what is wanted beyond the least is its most.
  if (wanted === "MEDIUM" && !levels.includes("MEDIUM")) return levels.at(-1) ?? wanted;
  return levels.findLast((level) => LEVELS.indexOf(level) <= rank) ?? levels[0] ?? wanted;
}
