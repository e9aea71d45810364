import { z } from "zod";
import { checked, refused } from "@/server/dialects/messages/wire";
import type { ContentBlock } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** A part of canonical content. */
export type Part = { type: string; [field: string]: unknown };

const Block = z.looseObject({ type: z.string().min(1) });
const Text = z.looseObject({ text: z.string() });
const Source = z.looseObject({ source: z.looseObject({ type: z.string() }) });
const Base64 = z.looseObject({ media_type: z.string().min(1), data: z.string() });
const Url = z.looseObject({ url: z.string().min(1) });

/** A turn's content as blocks: a text alone stands for one text block. */
export function toBlocks(content: unknown, path: string): ContentBlock[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  if (content === undefined || content === null) return [];
  return checked(z.array(Block), content, path);
}

/** Instructions: one plain text as such, else text parts; undefined for none. */
export function instructionParts(system: unknown, path: string): string | Part[] | undefined {
  const parts = toBlocks(system, path).map((block, index) => {
    if (block.type !== "text") throw refused(`${path}.${index}.type`, "Expected text.");
    return textPart(block, `${path}.${index}`);
  });
  return parts.length > 0 ? plainest(parts) : undefined;
}

/** One text without settings is the same as its string, which every vendor takes. */
export function plainest(parts: Part[]): string | Part[] {
  const [first, ...more] = parts;
  const isPlain = first?.type === "text" && Object.keys(first).length === 2 && more.length === 0;
  return isPlain && typeof first.text === "string" ? first.text : parts;
}

/** A block that a user says, or a tool answers, as a canonical part; blocks that only Anthropic knows stay as they are. */
export function toPart(block: ContentBlock, path: string): Part {
  const cached = cacheOf(block);
  switch (block.type) {
    case "text":
      return textPart(block, path);
    case "image":
      return imagePart(block, path);
    case "document":
      return documentPart(block, path);
    case "search_result":
      return { type: "text", text: searchResultText(block), ...cached, messages_block: block };
    default:
      return block;
  }
}

function textPart(block: ContentBlock, path: string): Part {
  return { type: "text", text: checked(Text, block, path).text, ...cacheOf(block) };
}

export function cacheOf(block: ContentBlock): { cache_control?: unknown } {
  return isRecord(block.cache_control) ? { cache_control: block.cache_control } : {};
}

function imagePart(block: ContentBlock, path: string): Part {
  const { source } = checked(Source, block, path);
  const url = urlOf(source, `${path}.source`);
  return url === undefined ? block : { type: "image_url", image_url: { url }, ...cacheOf(block) };
}

/** A PDF as a file, a plain text as text: few vendors take such a file. */
function documentPart(block: ContentBlock, path: string): Part {
  const { source } = checked(Source, block, path);
  if (source.type === "text") return standIn(block, documentText(block, String(source.data ?? "")));
  if (source.type === "content") return standIn(block, documentText(block, textOfBlocks(source.content)));
  const file_data = urlOf(source, `${path}.source`);
  if (file_data === undefined) return block;
  const filename = textOf(block.title) ?? "document.pdf";
  // These settings have no place in a file part, and a title that is made up must not come back as one.
  const isPlain = block.title && !block.context && !block.citations;
  return { type: "file", file: { filename, file_data }, ...cacheOf(block), ...(!isPlain && { messages_block: block }) };
}

function standIn(block: ContentBlock, text: string): Part {
  return { type: "text", text, ...cacheOf(block), messages_block: block };
}

function documentText(block: ContentBlock, text: string): string {
  return [textOf(block.title), textOf(block.context), text].filter((line) => line !== undefined).join("\n\n");
}

function searchResultText(block: ContentBlock): string {
  const head = [textOf(block.title), textOf(block.source)].filter((line) => line !== undefined).join("\n");
  return `${head}\n\n${textOfBlocks(block.content)}`;
}

function textOfBlocks(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .flatMap((block) => (isRecord(block) && typeof block.text === "string" ? [block.text] : []))
    .join("\n");
}

/** Where the bytes are, as a URL; undefined for those in Anthropic's own file store. */
function urlOf(source: { type: string }, path: string): string | undefined {
  if (source.type === "url") return checked(Url, source, path).url;
  if (source.type !== "base64") return undefined;
  const { media_type, data } = checked(Base64, source, path);
  return `data:${media_type};base64,${data}`;
}
