import { isRecord, listOf } from "@/server/wire/json";
import type { RerankAnswer, RerankRequest } from "@/server/wire/rerank";

/** The documents as texts, and what of the request beside `known` fields an upstream that takes texts alone cannot be told. */
export function rerankTexts(
  request: RerankRequest,
  known: readonly string[],
): { readonly texts: readonly string[]; readonly dropped: readonly string[] } {
  const texts = request.documents.map((document) => (typeof document === "string" ? document : document.text));
  const said = new Set(["model", "query", "documents", "return_documents", ...known]);
  const fields = Object.entries(request).flatMap(([field, value]) =>
    said.has(field) || value === null || value === undefined || !/^\w{1,64}$/.test(field) ? [] : [field],
  );
  const more = request.documents.some((document) => typeof document !== "string" && Object.keys(document).length > 1);
  return { texts, dropped: more ? [...fields, "documents"] : fields };
}

/** The results `{index, relevance_score}` of a body; undefined when there are none, or one names no document of the request. */
export function rerankResults(body: unknown, documents: number): RerankAnswer["results"] | undefined {
  if (!isRecord(body) || !Array.isArray(body.results)) return undefined;
  const results = listOf(body.results).flatMap((result) => {
    if (!isRecord(result)) return [];
    const { index, relevance_score } = result;
    return typeof index === "number" && index >= 0 && index < documents && typeof relevance_score === "number"
      ? [{ index, relevance_score }]
      : [];
  });
  return results.length === body.results.length ? results : undefined;
}
