import type { JsonObject } from "@/server/dialects/dialect";
import { AssistantTurn } from "@/server/dialects/responses/assistant-turn";
import { toContent } from "@/server/dialects/responses/input-parts";
import { refused } from "@/server/dialects/responses/schema";
import type { ChatRequest } from "@/server/wire/chat";
import { textOf } from "@/server/wire/json";

type Message = ChatRequest["messages"][number];

/**
 * Input items as chat's messages. What the model said in one turn (reasoning, texts, tool calls) lies in several items here and
 * in one message there. Items of tools that a vendor runs itself have no counterpart and are named in `dropped`.
 */
export function toMessages(input: string | readonly JsonObject[] | undefined, dropped: Set<string>): Message[] {
  if (typeof input === "string") return [{ role: "user", content: input }];
  const messages: Message[] = [];
  let turn = new AssistantTurn();
  const endTurn = () => {
    const message = turn.message();
    if (message) messages.push(message);
    turn = new AssistantTurn();
  };
  (input ?? []).forEach((item, index) => {
    const place = { path: `input.${index}`, dropped };
    const said = ofAssistant(item);
    if (said === undefined) {
      const message = toMessage(item, place);
      if (!message) return;
      endTurn();
      messages.push(message);
      return;
    }
    if (said === "message" && turn.isSpoken) endTurn();
    turn.add(item, place);
  });
  endTurn();
  return messages;
}

/** The kind of an item that the model made; undefined for those of others. */
function ofAssistant(item: JsonObject): string | undefined {
  if (isMessage(item)) return item.role === "assistant" ? "message" : undefined;
  return item.type === "reasoning" || item.type === "function_call" || item.type === "custom_tool_call"
    ? item.type
    : undefined;
}

function isMessage({ type, role }: JsonObject): boolean {
  return type === "message" || ((type === undefined || type === null) && typeof role === "string");
}

type Place = { readonly path: string; readonly dropped: Set<string> };

function toMessage(item: JsonObject, { path, dropped }: Place): Message | undefined {
  if (isMessage(item)) {
    const { role } = item;
    if (role !== "user" && role !== "system" && role !== "developer")
      throw refused(`${path}.role`, "Expected user, assistant, system or developer.");
    return { role, content: toContent(item.content, `${path}.content`, dropped) };
  }
  switch (item.type) {
    case "function_call_output":
    case "custom_tool_call_output": {
      const id = textOf(item.call_id);
      if (id === undefined) throw refused(`${path}.call_id`, "Expected the id of the call that this answers.");
      return { role: "tool", tool_call_id: id, content: toContent(item.output, `${path}.output`, dropped) };
    }
    case "item_reference":
    case undefined:
    case null:
      throw refused(`${path}.id`, `There is no item '${String(item.id)}' that this key may refer to.`);
    default:
      dropped.add(`input.${String(item.type)}`);
      return undefined;
  }
}
