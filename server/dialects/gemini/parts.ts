import type { JsonObject } from "@/server/dialects/dialect";
import { field, record } from "@/server/dialects/gemini/request";
import { textOf } from "@/server/wire/json";

const AUDIO: Readonly<Record<string, string>> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/mp3": "mp3",
  "audio/mpeg": "mp3",
};

/** A part that holds text or media as a canonical content part; undefined for parts of other kinds. */
export function contentPart(part: JsonObject): JsonObject | undefined {
  const text = textOf(part.text);
  if (text !== undefined) return { type: "text", text };
  return inlinePart(record(part, "inlineData")) ?? filePart(record(part, "fileData"));
}

function inlinePart(blob: JsonObject): JsonObject | undefined {
  const data = textOf(blob.data);
  if (data === undefined) return undefined;
  const type = textOf(field(blob, "mimeType")) ?? "application/octet-stream";
  // The SDKs for some languages write bytes in base64's other alphabet.
  const base64 = data.replaceAll("-", "+").replaceAll("_", "/");
  const url = `data:${type};base64,${base64}`;
  if (type.startsWith("image/")) return { type: "image_url", image_url: { url } };
  const format = Object.hasOwn(AUDIO, type) ? AUDIO[type] : undefined;
  if (format) return { type: "input_audio", input_audio: { data: base64, format } };
  const filename = textOf(field(blob, "displayName")) ?? `file.${type.split("/")[1]?.replace(/\W.*$/, "") || "bin"}`;
  return { type: "file", file: { filename, file_data: url } };
}

function filePart(file: JsonObject): JsonObject | undefined {
  const uri = textOf(field(file, "fileUri"));
  if (uri === undefined) return undefined;
  const type = textOf(field(file, "mimeType")) ?? "";
  if (type.startsWith("image/")) return { type: "image_url", image_url: { url: uri } };
  return { type: "file", file: { file_data: uri, ...(type && { format: type }) } };
}
