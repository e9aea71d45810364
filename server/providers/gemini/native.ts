import { endpoint } from "@/server/providers/gemini/endpoint";
import type { Native } from "@/server/providers/provider";
import { readSignature } from "@/server/wire/gemini-signature";
import { isRecord, listOf } from "@/server/wire/json";

/** Gemini's own API for callers who speak it: the model stands in the path, the body has no such field. */
export const geminiNative: Native = {
  url: (target, { stream }) => endpoint(target, stream ? "streamGenerateContent" : "generateContent"),
  change: ({ contents }) => {
    const turns = listOf(contents);
    const kept = turns.map(withoutForeign);
    const isSame = kept.every((turn, index) => turn === turns[index]);
    return { fields: { model: null, ...(!isSame && { contents: JSON.stringify(kept) }) } };
  },
};

/** The turn without signatures that stand for another vendor's thinking: Google refuses them. */
function withoutForeign(turn: unknown): unknown {
  if (!isRecord(turn) || !Array.isArray(turn.parts)) return turn;
  const parts: readonly unknown[] = turn.parts;
  const kept = parts.map(ownPart);
  return kept.every((part, index) => part === parts[index]) ? turn : { ...turn, parts: kept };
}

function ownPart(part: unknown): unknown {
  if (!isRecord(part)) return part;
  const { thoughtSignature, thought_signature, ...rest } = part;
  return readSignature(thoughtSignature ?? thought_signature) === undefined ? part : rest;
}
