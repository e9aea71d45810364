import { dataUrl } from "@/server/providers/data-url";

/** Formats by media type. Source: Amazon Bedrock API reference, "DocumentBlock" and "ImageBlock". */
const DOCUMENTS: Readonly<Record<string, string>> = {
  "application/pdf": "pdf",
  "text/csv": "csv",
  "application/msword": "doc",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.ms-excel": "xls",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "text/html": "html",
  "text/plain": "txt",
  "application/json": "txt",
  "text/markdown": "md",
};

const IMAGES: Readonly<Record<string, string>> = {
  "image/jpeg": "jpeg",
  "image/jpg": "jpeg",
  "image/png": "png",
  "image/gif": "gif",
  "image/webp": "webp",
};

/** The format of a picture of this media type; undefined when Bedrock takes none such. */
export function imageFormat(mediaType: string): string | undefined {
  return IMAGES[mediaType];
}

/** The format of a document of this media type; other texts are plain text. */
export function documentFormat(mediaType: string): string | undefined {
  return DOCUMENTS[mediaType] ?? (mediaType.startsWith("text/") ? "txt" : undefined);
}

/** A file part's content; bare base64 without a media type is a PDF, as in OpenAI's API. */
export function fileContent(fileData: string): { mediaType: string; base64: string } {
  return dataUrl(fileData) ?? { mediaType: "application/pdf", base64: fileData };
}

/**
 * Gives documents names that Bedrock takes: letters, digits, single spaces, hyphens, brackets; each once in a request.
 * Makes one namer for one request.
 */
export function documentNames(): (filename: string | null | undefined) => string {
  const used = new Set<string>();
  return (filename) => {
    const plain = (filename ?? "")
      .replace(/\.\w{1,5}$/, "")
      .replace(/[^A-Za-z0-9\s\-()[\]]/g, "-")
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, 180);
    const name = plain || "document";
    let free = name;
    for (let number = 2; used.has(free); number++) free = `${name} (${number})`;
    used.add(free);
    return free;
  };
}
