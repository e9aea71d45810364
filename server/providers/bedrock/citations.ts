import type { ChatAnnotation } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";

/** The citations that lead to a page of the web, as OpenAI's annotations; those into documents of the request have no counterpart. */
export function citedWeb(
  citations: readonly unknown[],
  { start, end }: { readonly start: number; readonly end: number },
): ChatAnnotation[] {
  return citations.flatMap((citation) => {
    if (!isRecord(citation) || !isRecord(citation.location)) return [];
    const web = citation.location.web;
    const url = isRecord(web) ? textOf(web.url) : undefined;
    if (url === undefined) return [];
    const title = textOf(citation.title) ?? "";
    return [{ type: "url_citation", url_citation: { url, title, start_index: start, end_index: end } }];
  });
}
