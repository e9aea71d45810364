import type { JsonObject } from "@/server/dialects/dialect";
import { refused } from "@/server/dialects/responses/schema";
import { isRecord, textOf } from "@/server/wire/json";

/**
 * The content of an input item as chat's: a text, or a list of parts. Throws `invalid_request` with the path of a part that is
 * malformed or that this gateway cannot resolve.
 */
export function toContent(content: unknown, path: string, dropped: Set<string>): string | JsonObject[] {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) throw refused(path, "Expected a text or a list of content parts.");
  const parts = content.map((part: unknown, index) => toPart(part, `${path}.${index}`, dropped));
  return plain(parts);
}

/** One text alone is the simplest content, which every upstream takes. */
export function plain(parts: JsonObject[]): string | JsonObject[] {
  const [only] = parts;
  if (parts.length === 1 && only?.type === "text" && !only.cache_control) return String(only.text);
  return parts;
}

function toPart(part: unknown, path: string, dropped: Set<string>): JsonObject {
  if (!isRecord(part)) throw refused(path, "Expected a content part.");
  if (isRecord(part.prompt_cache_breakpoint)) dropped.add("input.content.prompt_cache_breakpoint");
  const extras = isRecord(part.cache_control) ? { cache_control: part.cache_control } : {};
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text":
    case "summary_text":
    case "reasoning_text":
      if (typeof part.text !== "string") throw refused(`${path}.text`, "Expected a text.");
      return { type: "text", text: part.text, ...extras };
    case "refusal":
      return { type: "refusal", refusal: textOf(part.refusal) ?? "" };
    case "input_image":
      return { ...image(part, path), ...extras };
    case "input_file":
      return { ...file(part, path), ...extras };
    case "input_audio":
      return audio(part, path);
    default:
      throw refused(`${path}.type`, `Content of type '${String(part.type)}' is not supported.`);
  }
}

function image(part: JsonObject, path: string): JsonObject {
  const url = textOf(part.image_url);
  if (url === undefined) {
    if (textOf(part.file_id) === undefined) throw refused(`${path}.image_url`, "Expected the image's URL.");
    throw refused(`${path}.file_id`, "Images by file id are not available for this model. Send a URL or a data URL.");
  }
  const detail = textOf(part.detail);
  // Chat's finest is `high`.
  return { type: "image_url", image_url: { url, ...(detail && { detail: detail === "original" ? "high" : detail }) } };
}

function file(part: JsonObject, path: string): JsonObject {
  const data = textOf(part.file_data) ?? textOf(part.file_url);
  const id = textOf(part.file_id);
  const filename = textOf(part.filename);
  if (data === undefined && id === undefined) throw refused(path, "Expected one of file_data, file_url and file_id.");
  return {
    type: "file",
    file: {
      ...(filename !== undefined && { filename }),
      ...(data === undefined ? { file_id: id } : { file_data: data }),
    },
  };
}

function audio(part: JsonObject, path: string): JsonObject {
  const given = isRecord(part.input_audio) ? part.input_audio : part;
  const data = textOf(given.data);
  const format = textOf(given.format);
  if (data === undefined || format === undefined)
    throw refused(`${path}.input_audio`, "Expected the audio's data and format.");
  return { type: "input_audio", input_audio: { data, format } };
}
