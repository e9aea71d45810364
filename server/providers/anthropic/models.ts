import { type ReasoningEffort, reasoningEfforts } from "@/server/providers/anthropic/efforts";

/** What a model takes and what it refuses with a 400. Source: platform.claude.com, model pages and migration guides, November 2026. */
export type ModelFacts = {
  /** The largest `max_tokens`. */
  readonly maxOutputTokens: number;
  /** The levels of `output_config.effort`, from the least; none where the field is refused. */
  readonly efforts: readonly ReasoningEffort[];
  /** How thinking is asked for: not at all, by a token budget, or `adaptive`. */
  readonly thinking: "none" | "manual" | "adaptive";
  /** How thinking is turned off; `impossible` where it always runs. */
  readonly thinkingOff: "omit" | "disabled" | "between_tools" | "impossible";
  /** Whether `temperature`, `top_p` and `top_k` are taken: any of them, one of the first two, or none. */
  readonly sampling: "any" | "one" | "none";
  /** Whether a tool call can be forced, and whether it can while the model thinks. */
  readonly forcedTools: "always" | "without-thinking" | "never";
  /** Whether a `system` turn may follow a user's turn. */
  readonly systemTurns: boolean;
  /** Whether it goes on from an assistant's turn that ends the conversation; Claude 4.6 and later answer that with a 400. */
  readonly prefill: boolean;
};

/** Servers that speak Anthropic's API with models of their own: nothing is known, so little is presumed. */
const foreign: ModelFacts = {
  maxOutputTokens: 8192,
  efforts: [],
  thinking: "manual",
  thinkingOff: "disabled",
  sampling: "any",
  forcedTools: "without-thinking",
  systemTurns: false,
  prefill: false,
};

/** The facts of a model by its id, also in the forms that clouds use (`anthropic.claude-…-v1:0`, `claude-…@date`). */
export function modelFacts(id: string): ModelFacts {
  const name = id.toLowerCase();
  if (!name.includes("claude")) return foreign;
  const { family, version } = parse(name);
  return {
    maxOutputTokens: maxOutputTokens(family, version),
    efforts: efforts(family, version),
    thinking: version < 3.07 ? "none" : version < 4.06 ? "manual" : "adaptive",
    thinkingOff: thinkingOff(family, version),
    sampling: version >= 5 || since(4.07, family, version) ? "none" : version >= 4.01 ? "one" : "any",
    forcedTools: forcedTools(family, version),
    systemTurns: version >= 5 || since(4.08, family, version),
    prefill: version < 4.06,
  };
}

/** The version 4.7 is the number 4.07. A Claude without one is taken for the newest. */
function parse(name: string): { family: string; version: number } {
  // The date of a pinned id ("claude-opus-4-20250514") is no minor version.
  const current = /claude-([a-z]+)-(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)/.exec(name);
  if (current) return { family: current[1] ?? "", version: number(current[2], current[3]) };
  const old = /claude-(\d)(?:[.-](\d))?(?!\d)(?:-([a-z]+))?/.exec(name);
  if (old) return { family: old[3] ?? "", version: number(old[1], old[2]) };
  return { family: "", version: Number.POSITIVE_INFINITY };
}

function number(major: string | undefined, minor: string | undefined): number {
  return Number(major) + Number(minor ?? 0) / 100;
}

/** True from this version of Opus on; Sonnet and Haiku have no versions between 4.6 and 5. */
function since(opus: number, family: string, version: number): boolean {
  return family === "opus" && version >= opus;
}

function maxOutputTokens(family: string, version: number): number {
  if (version < 3.05) return 4096;
  if (version < 3.07) return 8192;
  if (version < 4.05 && family === "opus") return 32_000;
  return version < 4.06 ? 64_000 : 128_000;
}

function efforts(family: string, version: number): readonly ReasoningEffort[] {
  if (version >= 4.07) return reasoningEfforts;
  if (version >= 4.06) return ["low", "medium", "high", "max"];
  return version >= 4.05 && family === "opus" ? ["low", "medium", "high"] : [];
}

function thinkingOff(family: string, version: number): ModelFacts["thinkingOff"] {
  if (version < 5) return "omit";
  if (family === "sonnet") return version >= 5.05 ? "between_tools" : "disabled";
  if (family === "opus") return version >= 5.05 ? "impossible" : "disabled";
  return family === "haiku" ? "disabled" : "impossible";
}

function forcedTools(family: string, version: number): ModelFacts["forcedTools"] {
  if (version < 5) return "without-thinking";
  if (family === "haiku") return "always";
  const last = family === "opus" || family === "sonnet" ? 5.05 : 5.01;
  return version >= last ? "never" : "always";
}
