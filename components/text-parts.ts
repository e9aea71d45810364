/** A stretch of a text that begins at the character `at`. */
export type TextPart = { at: number; text: string } & ({ kind: "words" } | { kind: "code"; language: string });

/** A text cut at its Markdown code fences; a fence that is still open lasts to the end, as in an answer under way. */
export function partsOf(text: string): TextPart[] {
  const parts: TextPart[] = [];
  const fence = /^ {0,3}```([^\n`]*)\n([\s\S]*?)(?:^ {0,3}```[^\S\n]*$|(?![\s\S]))/gm;
  let end = 0;
  for (const match of text.matchAll(fence)) {
    const [whole, language = "", code = ""] = match;
    addWords(parts, text, { from: end, to: match.index });
    parts.push({ kind: "code", at: match.index, language: language.trim(), text: code.replace(/\n$/, "") });
    end = match.index + whole.length;
  }
  addWords(parts, text, { from: end, to: text.length });
  return parts;
}

function addWords(parts: TextPart[], text: string, { from, to }: { from: number; to: number }): void {
  const words = text.slice(from, to).replace(/^\n+|\s+$/g, "");
  if (words !== "") parts.push({ kind: "words", at: from, text: words });
}
