/** What a refusing model is reported to say: the explanation, where Anthropic gives one. */
export function refusalText(explanation: string | null | undefined): string {
  return explanation || "The model declined to answer this request.";
}
