import type { ContentBlock } from "@/server/wire/chat";

/** One event of a stream as its text. */
export function event(type: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

export function blockStart(index: number, content_block: ContentBlock): string {
  return event("content_block_start", { index, content_block });
}

export function blockDelta(index: number, delta: { type: string; [field: string]: unknown }): string {
  return event("content_block_delta", { index, delta });
}

export function blockStop(index: number): string {
  return event("content_block_stop", { index });
}

/** A block that is known whole; the input of a tool goes out as clients read it, in a delta. */
export function wholeBlock(index: number, block: ContentBlock): string {
  if (block.input === undefined) return blockStart(index, block) + blockStop(index);
  const json = { type: "input_json_delta", partial_json: JSON.stringify(block.input) };
  return blockStart(index, { ...block, input: {} }) + blockDelta(index, json) + blockStop(index);
}
