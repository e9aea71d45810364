import type { ChatAnnotation, ContentBlock } from "@/server/wire/chat";

/** Cited pages as citations of a text; the vendor that gave them has none of the index by which Anthropic finds them again. */
export function citationsOf(annotations: readonly ChatAnnotation[], text: string): ContentBlock[] {
  return annotations.map(({ url_citation: { url, title, start_index, end_index } }) => ({
    type: "web_search_result_location",
    url,
    title: title || null,
    cited_text: text.slice(start_index, end_index),
    encrypted_index: "",
  }));
}
