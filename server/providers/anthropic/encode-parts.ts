import type {
  DocumentBlockParam,
  ImageBlockParam,
  TextBlockParam,
} from "@anthropic-ai/sdk/resources/messages/messages";
import { z } from "zod";
import { type Block, blockOf, checked, refused } from "@/server/providers/anthropic/wire";
import { type DataUrl, dataUrl } from "@/server/providers/data-url";
import { isRecord } from "@/server/wire/json";
import { messagesBlocks } from "@/server/wire/messages-blocks";

const TextPart = z.looseObject({ type: z.literal("text"), text: z.string() });
const Part = z.discriminatedUnion("type", [
  TextPart,
  z.looseObject({ type: z.literal("refusal"), refusal: z.string() }),
  z.looseObject({ type: z.literal("image_url"), image_url: z.looseObject({ url: z.string().min(1) }) }),
  z.looseObject({
    type: z.literal("file"),
    file: z.looseObject({
      file_data: z.string().min(1).nullish(),
      file_id: z.string().min(1).nullish(),
      filename: z.string().nullish(),
    }),
  }),
  z.looseObject({ type: z.enum(messagesBlocks) }),
]);
type Part = z.infer<typeof Part>;
type FilePart = Extract<Part, { file: unknown }>["file"];

/** A text or a list of parts as content blocks; texts of white space alone are left out, as the API refuses them. */
export function encodeContent(content: unknown, path: string): Block[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return textBlocks(content, undefined);
  return checked(z.array(Part), content, path).flatMap((part, index) => {
    const blocks = encodePart(part, `${path}.${index}`);
    return part.type === "image_url" || part.type === "file" ? withCacheControl(blocks, part.cache_control) : blocks;
  });
}

/** The same for content that is text only, as instructions are. */
export function encodeText(content: unknown, path: string): Block[] {
  if (typeof content === "string") return textBlocks(content, undefined);
  return checked(z.array(TextPart), content, path).flatMap((part) => textBlocks(part.text, part.cache_control));
}

/** The blocks with a cache breakpoint on the last; thinking blocks cannot carry one. */
export function withCacheControl(blocks: Block[], cacheControl: unknown): Block[] {
  const last = blocks.at(-1);
  if (!isRecord(cacheControl) || !last || last.type === "thinking" || last.type === "redacted_thinking") return blocks;
  return [...blocks.slice(0, -1), { ...last, cache_control: cacheControl }];
}

function encodePart(part: Part, path: string): Block[] {
  const block = blockOf(part.messages_block);
  if (block) return [block];
  if (part.type === "text") return textBlocks(part.text, part.cache_control);
  if (part.type === "refusal") return textBlocks(part.refusal, part.cache_control);
  if (part.type === "image_url")
    return [{ type: "image", source: imageSource(part.image_url.url, path) } satisfies ImageBlockParam];
  if (part.type === "file") return [fileBlock(part.file, path)];
  return [{ ...part }];
}

function textBlocks(text: string, cacheControl: unknown): Block[] {
  if (text.trim() === "") return [];
  return withCacheControl([{ type: "text", text } satisfies TextBlockParam], cacheControl);
}

function imageSource(url: string, path: string): ImageBlockParam["source"] {
  if (/^https?:/i.test(url)) return { type: "url", url };
  const data = dataUrl(url);
  if (!data) throw refused(`${path}.image_url.url`, "Expected an http(s) URL or a data URL.");
  const mediaType = data.mediaType === "image/jpg" ? "image/jpeg" : data.mediaType;
  if (!isImageType(mediaType)) throw refused(`${path}.image_url.url`, "Expected a JPEG, PNG, GIF or WebP image.");
  return { type: "base64", media_type: mediaType, data: data.base64 };
}

type ImageType = Extract<ImageBlockParam["source"], { type: "base64" }>["media_type"];

function isImageType(mediaType: string): mediaType is ImageType {
  return ["image/jpeg", "image/png", "image/gif", "image/webp"].includes(mediaType);
}

function fileBlock(file: FilePart, path: string): Block {
  const title = file.filename ? { title: file.filename } : {};
  if (file.file_id) {
    return { type: "document", source: { type: "file", file_id: file.file_id }, ...title } satisfies DocumentBlockParam;
  }
  if (!file.file_data) throw refused(`${path}.file`, "Expected file_data or file_id.");
  if (/^https?:/i.test(file.file_data)) {
    return { type: "document", source: { type: "url", url: file.file_data }, ...title } satisfies DocumentBlockParam;
  }
  // Some callers send bare base64; a file part without a media type is a PDF in OpenAI's API.
  const data = dataUrl(file.file_data) ?? { mediaType: "application/pdf", base64: file.file_data };
  if (isImageType(data.mediaType)) {
    return {
      type: "image",
      source: { type: "base64", media_type: data.mediaType, data: data.base64 },
    } satisfies ImageBlockParam;
  }
  const source = documentSource(data);
  if (!source) throw refused(`${path}.file.file_data`, "Expected a PDF, a plain text or an image.");
  return { type: "document", source, ...title } satisfies DocumentBlockParam;
}

function documentSource({ mediaType, base64 }: DataUrl): DocumentBlockParam["source"] | undefined {
  if (mediaType === "application/pdf") return { type: "base64", media_type: mediaType, data: base64 };
  if (!mediaType.startsWith("text/") && mediaType !== "application/json") return undefined;
  return { type: "text", media_type: "text/plain", data: Buffer.from(base64, "base64").toString("utf8") };
}
