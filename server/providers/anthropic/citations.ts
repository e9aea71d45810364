import type { ChatAnnotation } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";

/** Where in the answer's text the cited statement stands: Anthropic cites a block of text as a whole. */
export type Span = { readonly start: number; readonly end: number };

/** The citations that lead to a URL, as OpenAI's annotations; those into documents of the request have no counterpart. */
export function citedUrls(citations: readonly unknown[], { start, end }: Span): ChatAnnotation[] {
  return citations.flatMap((citation) => {
    if (!isRecord(citation)) return [];
    const url = textOf(citation.url) ?? textOf(citation.source);
    if (url === undefined || !/^https?:\/\//i.test(url)) return [];
    const title = textOf(citation.title) ?? "";
    return [{ type: "url_citation", url_citation: { url, title, start_index: start, end_index: end } }];
  });
}
