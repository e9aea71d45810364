import type { ChatAnnotation } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/**
 * A citation whose sources lead to pages of the web, as OpenAI's annotations; those into documents without an address, or into
 * the model's plan, have no counterpart. `offset` is where the cited block begins in the whole text.
 */
export function annotationsOf(citation: unknown, offset: number): ChatAnnotation[] {
  if (!isRecord(citation) || citation.type === "PLAN" || citation.type === "THINKING_CONTENT") return [];
  const start = offset + (typeof citation.start === "number" ? citation.start : 0);
  const end = offset + (typeof citation.end === "number" ? citation.end : 0);
  return listOf(citation.sources).flatMap((source) => {
    if (!isRecord(source)) return [];
    const document = isRecord(source.document)
      ? source.document
      : isRecord(source.tool_output)
        ? source.tool_output
        : {};
    const url = textOf(document.url);
    if (url === undefined || !/^https?:\/\//i.test(url)) return [];
    const title = textOf(document.title) ?? "";
    return [{ type: "url_citation", url_citation: { url, title, start_index: start, end_index: end } }];
  });
}
