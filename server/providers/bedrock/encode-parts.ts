import { z } from "zod";
import { checked, refused } from "@/server/providers/anthropic/wire";
import { documentFormat, type documentNames, fileContent, imageFormat } from "@/server/providers/bedrock/documents";
import type { Block } from "@/server/providers/bedrock/wire";
import { dataUrl } from "@/server/providers/data-url";
import { isRecord } from "@/server/wire/json";

/** What the encoders of one request share. */
export type Encoding = {
  readonly caching: boolean;
  readonly dropped: Set<string>;
  readonly nameDocument: ReturnType<typeof documentNames>;
};

const Part = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.literal("refusal"), refusal: z.string() }),
  z.looseObject({ type: z.literal("image_url"), image_url: z.looseObject({ url: z.string().min(1) }) }),
  z.looseObject({
    type: z.literal("input_audio"),
    input_audio: z.looseObject({ data: z.string().min(1), format: z.string().min(1) }),
  }),
  z.looseObject({
    type: z.literal("file"),
    file: z.looseObject({ file_data: z.string().min(1).nullish(), filename: z.string().nullish() }),
  }),
]);
type Part = z.infer<typeof Part>;

const KNOWN: ReadonlySet<unknown> = new Set(["text", "refusal", "image_url", "input_audio", "file"]);

/**
 * A text or a list of parts as Converse's blocks. Texts of white space alone are left out, as the API refuses them; parts
 * that it has no block for are named in `dropped`. Throws `invalid_request` for what is malformed.
 */
export function encodeContent(content: unknown, path: string, encoding: Encoding): Block[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return textBlocks(content);
  return checked(z.array(z.looseObject({ type: z.string() })), content, path).flatMap((given, index) => {
    if (!KNOWN.has(given.type)) {
      if (/^\w{1,64}$/.test(given.type)) encoding.dropped.add(`messages.content.${given.type}`);
      return [];
    }
    const part = checked(Part, given, `${path}.${index}`);
    return withCachePoint(encodePart(part, `${path}.${index}`, encoding), given.cache_control, encoding);
  });
}

/** The blocks with a cache point behind them where one is asked for. */
export function withCachePoint(blocks: Block[], cacheControl: unknown, encoding: Encoding): Block[] {
  if (!isRecord(cacheControl) || blocks.length === 0) return blocks;
  if (!encoding.caching) {
    encoding.dropped.add("cache_control");
    return blocks;
  }
  const ttl = cacheControl.ttl === "1h" ? { ttl: "1h" } : {};
  return [...blocks, { cachePoint: { type: "default", ...ttl } }];
}

function encodePart(part: Part, path: string, encoding: Encoding): Block[] {
  switch (part.type) {
    case "text":
      return textBlocks(part.text);
    case "refusal":
      return textBlocks(part.refusal);
    case "image_url":
      return [imageBlock(part.image_url.url, `${path}.image_url.url`)];
    case "input_audio":
      return [{ audio: { format: part.input_audio.format, source: { bytes: part.input_audio.data } } }];
    case "file":
      return [fileBlock(part.file, `${path}.file`, encoding)];
    default:
      return part satisfies never;
  }
}

/** A text as a block; none for white space alone. */
export function textBlocks(text: string): Block[] {
  return text.trim() === "" ? [] : [{ text }];
}

function imageBlock(url: string, path: string): Block {
  if (url.startsWith("s3://")) {
    const format = imageFormat(`image/${url.split(".").at(-1)?.toLowerCase()}`);
    if (!format) throw refused(path, "Expected a JPEG, PNG, GIF or WebP image.");
    return { image: { format, source: { s3Location: { uri: url } } } };
  }
  const data = dataUrl(url);
  if (!data) throw refused(path, "Expected an http(s) URL or a data URL.");
  const format = imageFormat(data.mediaType);
  if (!format) throw refused(path, "Expected a JPEG, PNG, GIF or WebP image.");
  return { image: { format, source: { bytes: data.base64 } } };
}

function fileBlock(
  file: { file_data?: string | null | undefined; filename?: string | null | undefined },
  path: string,
  encoding: Encoding,
): Block {
  if (!file.file_data) throw refused(path, "Expected file_data; this provider stores no files.");
  const { mediaType, base64 } = fileContent(file.file_data);
  const image = imageFormat(mediaType);
  if (image) return { image: { format: image, source: { bytes: base64 } } };
  const format = documentFormat(mediaType);
  if (!format) throw refused(`${path}.file_data`, "Expected a PDF, an Office document, a text or an image.");
  return { document: { format, name: encoding.nameDocument(file.filename), source: { bytes: base64 } } };
}
