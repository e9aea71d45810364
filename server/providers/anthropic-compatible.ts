import { withoutForeign } from "@/server/providers/anthropic/native";
import type { Native, Target } from "@/server/providers/provider";

const VERSION = "2023-06-01";

/** A vendor's endpoint that speaks Anthropic's Messages beside OpenAI's dialect. Source: Anthropic API, "Versions", "Beta headers". */
export function messagesAt(url: (target: Target) => string): Native {
  return {
    url,
    headers: (_target, caller) => {
      const version = one(caller["anthropic-version"]) ?? VERSION;
      const beta = one(caller["anthropic-beta"]);
      return { "anthropic-version": version, ...(beta && { "anthropic-beta": beta }) };
    },
    change: withoutForeign,
  };
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(",") : header;
}
