import { citedUrls } from "@/server/providers/anthropic/citations";
import type { ChatAnnotation, ChatChunk, ContentBlock } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

type Delta = ChatChunk["choices"][number]["delta"];
type Fields = Record<string, unknown>;

/** A content block of a stream while it is open: what its events mean to the caller. */
export type OpenBlock = {
  readonly start: () => readonly Delta[];
  readonly delta: (delta: Fields) => readonly Delta[];
  readonly stop: () => readonly Delta[];
  /** The block as a whole answer has it, once it has stopped. */
  readonly whole: () => ContentBlock;
};

/** What a block must know of those before it. */
export type Before = { readonly toolIndex: number; readonly textStart: number };

const NONE: readonly Delta[] = [];

/** Opens a block. One of a kind that OpenAI has no counterpart for, such as a search at Anthropic, has no deltas. */
export function openBlock(block: Fields, before: Before): OpenBlock {
  switch (block.type) {
    case "text":
      return textBlock(block, before.textStart);
    case "thinking":
      return thinkingBlock(block);
    case "tool_use":
      return toolBlock(block, before.toolIndex);
    case "redacted_thinking":
      return {
        start: () => NONE,
        delta: () => NONE,
        stop: () => [{ thinking_blocks: [{ type: "redacted_thinking", data: textOf(block.data) ?? "" }] }],
        whole: () => ({ ...block, type: "redacted_thinking" }),
      };
    default:
      return otherBlock(block);
  }
}

/** Its deltas are the input of a tool in pieces, or fields of the block that come late. */
function otherBlock(block: Fields): OpenBlock {
  let json = "";
  const whole: ContentBlock = { ...block, type: textOf(block.type) ?? "" };
  return {
    start: () => NONE,
    delta: ({ type, partial_json, ...fields }) => {
      if (type === "input_json_delta") json += textOf(partial_json) ?? "";
      else Object.assign(whole, fields);
      return NONE;
    },
    stop: () => NONE,
    whole: () => (json === "" ? whole : { ...whole, input: parsed(json) }),
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    // Cut off by the limit of tokens.
    if (cause instanceof SyntaxError) return {};
    throw cause;
  }
}

/** Where the cited text ends is known when the block is. */
function textBlock(block: Fields, start: number): OpenBlock {
  const citations: unknown[] = [...listOf(block.citations)];
  let said = "";
  const say = (text: unknown): readonly Delta[] => {
    const content = textOf(text);
    if (content === undefined) return NONE;
    said += content;
    return [{ content }];
  };
  return {
    start: () => say(block.text),
    delta: (delta) => {
      if (delta.type === "citations_delta") citations.push(delta.citation);
      return delta.type === "text_delta" ? say(delta.text) : NONE;
    },
    stop: () => {
      const annotations: ChatAnnotation[] = citedUrls(citations, { start, end: start + said.length });
      return annotations.length > 0 ? [{ annotations }] : NONE;
    },
    whole: () => ({ ...block, type: "text", text: said, ...(citations.length > 0 && { citations }) }),
  };
}

/** The text goes out as it comes; the block with its signature, which the next turn must bring back, when it is whole. */
function thinkingBlock(block: Fields): OpenBlock {
  let thinking = "";
  let signature = textOf(block.signature) ?? "";
  const think = (text: unknown): readonly Delta[] => {
    const reasoning = textOf(text);
    if (reasoning === undefined) return NONE;
    thinking += reasoning;
    return [{ reasoning_content: reasoning }];
  };
  return {
    start: () => think(block.thinking),
    delta: (delta) => {
      if (delta.type === "signature_delta") signature += textOf(delta.signature) ?? "";
      return delta.type === "thinking_delta" ? think(delta.thinking) : NONE;
    },
    stop: () => [{ thinking_blocks: [{ type: "thinking", thinking, ...(signature && { signature }) }] }],
    whole: () => ({ ...block, type: "thinking", thinking, signature }),
  };
}

/** Arguments come in pieces, or not at all when there are none, or whole at the start. */
function toolBlock(block: Fields, index: number): OpenBlock {
  let said = "";
  const args = (text: string): readonly Delta[] => [{ tool_calls: [{ index, function: { arguments: text } }] }];
  return {
    start: () => {
      const called = { name: textOf(block.name) ?? "", arguments: "" };
      return [{ tool_calls: [{ index, id: textOf(block.id) ?? "", type: "function", function: called }] }];
    },
    delta: (delta) => {
      const text = delta.type === "input_json_delta" ? textOf(delta.partial_json) : undefined;
      if (text === undefined) return NONE;
      said += text;
      return args(text);
    },
    stop: () => (said ? NONE : args(JSON.stringify(isRecord(block.input) ? block.input : {}))),
    whole: () => ({ ...block, type: "tool_use", ...(said && { input: parsed(said) }) }),
  };
}
