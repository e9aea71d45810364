/** A data URL's content: the media type in small letters, and the bytes in base64. */
export type DataUrl = { readonly mediaType: string; readonly base64: string };

/** Takes a data URL apart; undefined for any other text. Source: RFC 2397. Not a regular expression over the whole, which may be many megabytes. */
export function dataUrl(url: string): DataUrl | undefined {
  const comma = url.indexOf(",");
  if (comma === -1 || url.slice(0, 5).toLowerCase() !== "data:") return undefined;
  const [mediaType = "", ...parameters] = url.slice(5, comma).toLowerCase().split(";");
  const payload = url.slice(comma + 1);
  const isBase64 = parameters.some((parameter) => parameter.trim() === "base64");
  return {
    mediaType: mediaType.trim() || "text/plain",
    base64: isBase64 ? payload : Buffer.from(unescaped(payload)).toString("base64"),
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    // A stray percent sign: the text was not escaped.
    if (cause instanceof URIError) return text;
    throw cause;
  }
}
