import type { ChatAnnotation } from "@/server/wire/chat";
import { countOf, isRecord, listOf, textOf } from "@/server/wire/json";

type Source = { readonly url: string; readonly title: string };

/**
 * What an answer rests on, as OpenAI's annotations. Google counts a segment's place in bytes of UTF-8 from the start of its
 * part; `text` is the whole answer and OpenAI counts characters of it. Source: Gemini API reference, "GroundingMetadata".
 */
export function groundedUrls(metadata: unknown, text: string): ChatAnnotation[] {
  if (!isRecord(metadata)) return [];
  const sources = listOf(metadata.groundingChunks).map(sourceOf);
  const supports = listOf(metadata.groundingSupports).filter(isRecord);
  const bytes = supports.length > 0 ? Buffer.from(text) : Buffer.alloc(0);
  const cited = supports.flatMap((support) => {
    const place = placeOf(support.segment, { text, bytes });
    return listOf(support.groundingChunkIndices).flatMap((index) => {
      const source = typeof index === "number" ? sources[index] : undefined;
      return source ? [annotation(source, place)] : [];
    });
  });
  if (cited.length > 0) return cited;
  return sources.flatMap((source) => (source ? [annotation(source, { start: 0, end: 0 })] : []));
}

function sourceOf(chunk: unknown): Source | undefined {
  if (!isRecord(chunk)) return undefined;
  for (const found of [chunk.web, chunk.retrievedContext, chunk.maps, chunk.image]) {
    const url = isRecord(found) ? (textOf(found.uri) ?? textOf(found.sourceUri)) : undefined;
    if (isRecord(found) && url && /^https?:\/\//i.test(url)) return { url, title: textOf(found.title) ?? "" };
  }
  return undefined;
}

/** The segment's own words are found in the text; only where they are not does the count of bytes decide. */
function placeOf(segment: unknown, answer: { text: string; bytes: Buffer }): { start: number; end: number } {
  if (!isRecord(segment)) return { start: 0, end: 0 };
  const startByte = countOf(segment.startIndex) ?? 0;
  const start = answer.bytes.subarray(0, startByte).toString("utf8").length;
  const words = textOf(segment.text);
  if (words === undefined) {
    return { start, end: answer.bytes.subarray(0, countOf(segment.endIndex) ?? startByte).toString("utf8").length };
  }
  const found = answer.text.startsWith(words, start) ? start : answer.text.indexOf(words);
  const from = found === -1 ? start : found;
  return { start: from, end: from + words.length };
}

function annotation({ url, title }: Source, { start, end }: { start: number; end: number }): ChatAnnotation {
  return { type: "url_citation", url_citation: { url, title, start_index: start, end_index: end } };
}
