import type { Turn } from "./use-chat";

/** What the panel beside the conversation holds; empty numbers are left to the model. */
export type Settings = {
  keyId: string;
  model: string;
  system: string;
  temperature: string;
  maxTokens: string;
  topP: string;
  stop: string[];
};

/** The settings that a new conversation begins with; key and model are then the first that can be used. */
export const freshSettings: Settings = {
  keyId: "",
  model: "",
  system: "",
  temperature: "",
  maxTokens: "",
  topP: "",
  stop: [],
};

/** The OpenAI chat body for a question after the turns before it. Turns that failed before a word came are left out. */
export function chatBody(settings: Settings, turns: readonly Turn[], question: string): Record<string, unknown> {
  const history = turns
    .filter((turn) => turn.text !== "")
    .flatMap((turn) => [user(turn.question), { role: "assistant", content: turn.text }]);
  const system = settings.system.trim() === "" ? [] : [{ role: "system", content: settings.system }];
  return {
    model: settings.model,
    messages: [...system, ...history, user(question)],
    ...numberAs("temperature", settings.temperature),
    ...numberAs("max_tokens", settings.maxTokens),
    ...numberAs("top_p", settings.topP),
    ...(settings.stop.length > 0 && { stop: settings.stop }),
  };
}

function user(content: string) {
  return { role: "user", content };
}

function numberAs(name: string, text: string): Record<string, number> {
  const value = Number(text);
  return text.trim() === "" || Number.isNaN(value) ? {} : { [name]: value };
}
