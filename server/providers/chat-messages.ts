import type { Draft, Rule } from "@/server/providers/chat-changes";
import { liftToolMedia } from "@/server/providers/tool-media";
import { isRecord, listOf, textOf } from "@/server/wire/json";

type Message = Readonly<Record<string, unknown>>;

/** A message as a vendor has it; the same object where nothing differs. */
export type MessageRule = (message: Message, draft: Draft) => Message;

/** Applies the rules to every message; a history in which nothing differs is left untouched. */
export function eachMessage(...rules: readonly MessageRule[]): Rule {
  return (draft) => {
    const messages = listOf(draft.get("messages"));
    let changed = false;
    const made = messages.map((message) => {
      if (!isRecord(message)) return message;
      const next = rules.reduce<Message>((current, rule) => rule(current, draft), message);
      changed ||= next !== message;
      return next;
    });
    if (changed) draft.set("messages", made);
  };
}

/** `developer` is OpenAI's newer word for `system`. */
export const developerAsSystem: MessageRule = (message) =>
  message.role === "developer" ? { ...message, role: "system" } : message;

/** Leaves a speaker's name out where the vendor refuses one. */
export const nameless: MessageRule = (message, draft) => {
  if (message.name === undefined || message.role === "tool") return message;
  if (message.name !== null) draft.lost("messages.name");
  const { name: _name, ...rest } = message;
  return rest;
};

/** How a vendor takes the model's earlier reasoning back. */
export type Reasoning = {
  readonly names: readonly ("reasoning" | "reasoning_content")[];
  /** Whether it takes `reasoning_details` too, which hold a vendor's signatures. */
  readonly details: boolean;
};

/** Hands the model's earlier reasoning back under the vendor's names for it, or not at all; callers may have it under either. */
export function reasoningAs({ names, details }: Reasoning): MessageRule {
  return (message) => {
    const { reasoning, reasoning_content, reasoning_details, ...rest } = message;
    if (message.role !== "assistant" || (reasoning ?? reasoning_content ?? reasoning_details) === undefined)
      return message;
    const text = textOf(reasoning_content) ?? textOf(reasoning);
    const made: Record<string, unknown> = rest;
    if (text !== undefined) for (const name of names) made[name] = text;
    if (details && reasoning_details !== undefined) made.reasoning_details = reasoning_details;
    const same = Object.keys(made).length === Object.keys(message).length;
    return same && names.every((name) => made[name] === message[name]) ? message : made;
  };
}

/** Marks an answer that the model shall continue: where the history ends with the assistant, the vendor wants to be told. */
export function continued(flag: string): Rule {
  return (draft) => {
    const messages = listOf(draft.get("messages"));
    const last = messages.at(-1);
    if (!isRecord(last) || last.role !== "assistant" || last[flag] !== undefined) return;
    if (textOf(last.content) === undefined || listOf(last.tool_calls).length > 0) return;
    draft.set("messages", [...messages.slice(0, -1), { ...last, [flag]: true }]);
  };
}

/** What a tool gave beside text is said by the user behind the run of tool messages. */
export const toolMediaAside: Rule = (draft) => {
  const messages = listOf(draft.get("messages"));
  if (!messages.every(isMessage)) return;
  const lifted = liftToolMedia(messages);
  if (lifted !== messages) draft.set("messages", lifted);
};

function isMessage(message: unknown): message is { role: string; [field: string]: unknown } {
  return isRecord(message) && typeof message.role === "string";
}

/**
 * Asks for JSON without a schema where the vendor knows none, and shows the model the schema instead. That it is kept to is no
 * longer enforced, which is said.
 */
export const schemaAsInstruction: Rule = (draft) => {
  const format = draft.get("response_format");
  if (!isRecord(format) || format.type !== "json_schema" || !isRecord(format.json_schema)) return;
  const text = `Answer with one JSON value that fits this JSON Schema:\n${JSON.stringify(format.json_schema.schema ?? {})}`;
  const messages = listOf(draft.get("messages"));
  const first = messages.findIndex((message) => !isRecord(message) || message.role !== "system");
  const at = first === -1 ? messages.length : first;
  draft.set("messages", [...messages.slice(0, at), { role: "system", content: text }, ...messages.slice(at)]);
  draft.set("response_format", { type: "json_object" });
  draft.lost("response_format.json_schema");
};
