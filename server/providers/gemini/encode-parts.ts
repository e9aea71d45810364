import { z } from "zod";
import { audioType, dataUrl, mimeTypeOf } from "@/server/providers/gemini/media";
import { checked, type Part, refused } from "@/server/providers/gemini/wire";
import { isRecord, textOf } from "@/server/wire/json";

const ContentParts = z.array(z.looseObject({ type: z.string() }));
type ContentPart = z.infer<typeof ContentParts>[number];

const ImagePart = z.looseObject({
  image_url: z.union([z.string(), z.looseObject({ url: z.string().min(1), detail: z.string().nullish() })]),
});
const VideoPart = z.looseObject({ video_url: z.union([z.string(), z.looseObject({ url: z.string().min(1) })]) });
const AudioPart = z.looseObject({ input_audio: z.looseObject({ data: z.string().min(1), format: z.string().min(1) }) });
const FilePart = z.looseObject({
  file: z.looseObject({
    file_data: z.string().nullish(),
    file_id: z.string().nullish(),
    filename: z.string().nullish(),
    format: z.string().nullish(),
  }),
});

/**
 * A message's content as Gemini's parts. Empty texts are left out: the API refuses them. Throws `invalid_request` for what is
 * malformed; parts of a type that Gemini does not have are named in `dropped`.
 */
export function encodeContent(content: unknown, path: string, dropped: Set<string>): Part[] {
  if (content === undefined || content === null || content === "") return [];
  if (typeof content === "string") return [{ text: content }];
  return checked(ContentParts, content, path).flatMap((part, index) => encodePart(part, `${path}.${index}`, dropped));
}

/** The content's text alone, for places that take nothing else. */
export function encodeText(content: unknown, path: string, dropped: Set<string>): Part[] {
  const parts = encodeContent(content, path, dropped);
  if (parts.some((part) => part.text === undefined)) throw refused(path, "Only text may stand here.");
  return parts;
}

function encodePart(part: ContentPart, path: string, dropped: Set<string>): Part[] {
  switch (part.type) {
    case "text":
    case "refusal": {
      const text = textOf(part[part.type]);
      return text === undefined ? [] : [{ text }];
    }
    case "image_url":
      return [imagePart(part, path, dropped)];
    case "video_url": {
      const { video_url: video } = checked(VideoPart, part, path);
      return [urlPart(typeof video === "string" ? video : video.url, undefined)];
    }
    case "input_audio": {
      const { data, format } = checked(AudioPart, part, path).input_audio;
      return [{ inlineData: { mimeType: audioType(format), data } }];
    }
    case "file":
      return [filePart(part, path)];
    default:
      if (/^\w{1,64}$/.test(part.type)) dropped.add(`messages.content.${part.type}`);
      return [];
  }
}

function imagePart(part: ContentPart, path: string, dropped: Set<string>): Part {
  const image = checked(ImagePart, part, path).image_url;
  if (typeof image === "string") return urlPart(image, "image/jpeg");
  if (image.detail && image.detail !== "auto") dropped.add("messages.content.image_url.detail");
  return urlPart(image.url, "image/jpeg");
}

/** A file by its bytes or its address. A Cloud Storage file must come with its type, so where the name says none a guess does. */
function urlPart(url: string, guess: string | undefined): Part {
  const data = dataUrl(url);
  if (data) return { inlineData: data };
  const mimeType = mimeTypeOf(url) ?? (/^gs:/i.test(url) ? guess : undefined);
  return { fileData: { ...(mimeType && { mimeType }), fileUri: url } };
}

function filePart(part: ContentPart, path: string): Part {
  const { file_data, file_id, filename, format } = checked(FilePart, part, path).file;
  if (file_data) {
    const data = dataUrl(file_data);
    if (data) return { inlineData: data };
    if (/^(https?|gs):\/\//i.test(file_data)) return urlPart(file_data, "application/pdf");
    return { inlineData: { mimeType: format ?? mimeTypeOf(filename ?? "") ?? "application/pdf", data: file_data } };
  }
  if (!file_id) throw refused(`${path}.file`, "Expected file_data or file_id.");
  const uri = /^files\//.test(file_id) ? `https://generativelanguage.googleapis.com/v1beta/${file_id}` : file_id;
  if (!/^(https?|gs):\/\//i.test(uri)) {
    throw refused(`${path}.file.file_id`, "This provider knows files by their URI alone.");
  }
  const mimeType = format ?? mimeTypeOf(filename ?? uri);
  return { fileData: { ...(mimeType && { mimeType }), fileUri: uri } };
}

/** The field of Google's among what a vendor wants back with a tool call. */
export function googleOf(extra: unknown): Record<string, unknown> {
  return isRecord(extra) && isRecord(extra.google) ? extra.google : {};
}
