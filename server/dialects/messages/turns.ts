import { toAssistant } from "@/server/dialects/messages/assistant-turn";
import { cacheOf, instructionParts, plainest, toBlocks, toPart } from "@/server/dialects/messages/content";
import { refused } from "@/server/dialects/messages/wire";
import type { ChatRequest, ContentBlock } from "@/server/wire/chat";
import { textOf } from "@/server/wire/json";

type ChatMessage = ChatRequest["messages"][number];

/** Turns as canonical messages. A user's turn gives a message for each tool result, then one for all else that it says. */
export function toMessages(turns: readonly { role: string; content?: unknown }[]): ChatMessage[] {
  return turns.flatMap((turn, index) => {
    const path = `messages.${index}`;
    if (turn.role === "user") return userMessages(toBlocks(turn.content, `${path}.content`), `${path}.content`);
    if (turn.role === "assistant") return [toAssistant(toBlocks(turn.content, `${path}.content`), `${path}.content`)];
    if (turn.role === "system") {
      const content = instructionParts(turn.content, `${path}.content`);
      return content === undefined ? [] : [{ role: "system", content }];
    }
    throw refused(`${path}.role`, "Expected user, assistant or system.");
  });
}

function userMessages(blocks: ContentBlock[], path: string): ChatMessage[] {
  const results: ChatMessage[] = [];
  const parts = [];
  for (const [index, block] of blocks.entries()) {
    if (block.type === "tool_result") results.push(toolMessage(block, `${path}.${index}`));
    else parts.push(toPart(block, `${path}.${index}`));
  }
  // A turn of nothing is still a turn.
  const says = parts.length > 0 || results.length === 0;
  return says ? [...results, { role: "user", content: parts.length > 0 ? plainest(parts) : "" }] : results;
}

function toolMessage(block: ContentBlock, path: string): ChatMessage {
  const id = textOf(block.tool_use_id);
  if (id === undefined) throw refused(`${path}.tool_use_id`, "Expected the id of a tool call.");
  const parts = toBlocks(block.content, `${path}.content`).map((one, index) => toPart(one, `${path}.content.${index}`));
  return {
    role: "tool",
    tool_call_id: id,
    content: parts.length > 0 ? plainest(parts) : "",
    ...(block.is_error === true && { is_error: true }),
    ...cacheOf(block),
  };
}
