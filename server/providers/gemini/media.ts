/** MIME types by a file's ending, of what Gemini reads. Source: Gemini API, "File input methods". */
const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  heic: "image/heic",
  heif: "image/heif",
  gif: "image/gif",
  pdf: "application/pdf",
  txt: "text/plain",
  md: "text/markdown",
  html: "text/html",
  csv: "text/csv",
  json: "application/json",
  xml: "text/xml",
  mp3: "audio/mp3",
  wav: "audio/wav",
  aac: "audio/aac",
  ogg: "audio/ogg",
  flac: "audio/flac",
  aiff: "audio/aiff",
  m4a: "audio/m4a",
  pcm16: "audio/pcm",
  mp4: "video/mp4",
  mpeg: "video/mpeg",
  mov: "video/quicktime",
  webm: "video/webm",
};

/** The MIME type of a file name or URL; undefined where its ending says none. */
export function mimeTypeOf(name: string): string | undefined {
  const ending = /\.(\w+)(?:[?#].*)?$/.exec(name)?.[1]?.toLowerCase();
  return ending !== undefined && Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined;
}

/** The MIME type of one of OpenAI's audio formats. */
export function audioType(format: string): string {
  return Object.hasOwn(TYPES, format) ? (TYPES[format] ?? "") : `audio/${format}`;
}

/** A `data:` URL in its parts; undefined for any other text. */
export function dataUrl(url: string): { mimeType: string; data: string } | undefined {
  const found = /^data:([^;,]*)((?:;[^;,]+)*),/i.exec(url);
  if (!found) return undefined;
  const rest = url.slice(found[0].length);
  const encoded = /;base64$/i.test(found[2] ?? "");
  return { mimeType: found[1] || "text/plain", data: encoded ? rest : Buffer.from(unescaped(rest)).toString("base64") };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Broken escapes stand for themselves.
    return text;
  }
}

/** Whether Google reads the file at this address itself: its own Files API, Cloud Storage, and videos on YouTube. */
export function isGoogleFile(url: string): boolean {
  return (
    /^gs:\/\//i.test(url) ||
    /^https:\/\/generativelanguage\.googleapis\.com\//i.test(url) ||
    /^https:\/\/(?:(?:www|m)\.)?youtube\.com\/(?:watch|shorts|live|embed)/i.test(url) ||
    /^https:\/\/youtu\.be\//i.test(url)
  );
}
