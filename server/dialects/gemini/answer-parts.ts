import type { JsonObject } from "@/server/dialects/dialect";
import { field, record } from "@/server/dialects/gemini/request";
import { unpackCarried } from "@/server/wire/carried";
import type { ChatAnnotation, ChatAudio, ChatImage, ExtraContent, ThinkingBlock } from "@/server/wire/chat";
import { carriedSignature } from "@/server/wire/gemini-signature";
import { isRecord, textOf } from "@/server/wire/json";

/** Whether the caller wants to see thoughts; Gemini keeps them back unless asked. */
export function wantsThoughts(body: JsonObject): boolean {
  return field(record(record(body, "generationConfig"), "thinkingConfig"), "includeThoughts") === true;
}

/** A tool call as a part. */
export type Called = { id: string; name: string; arguments: string; extra_content?: ExtraContent | undefined };

/**
 * A tool call as a part, with what its vendor wants back as its signature; `thinking` are the blocks of thought that led to it,
 * which go with the first call.
 */
export function callPart(
  { id, name, arguments: text, extra_content }: Called,
  thinking: readonly ThinkingBlock[],
): JsonObject {
  const foreign = thinking.filter((block) => googleSignature([block]) === undefined);
  const own = textOf(isRecord(extra_content?.google) ? extra_content.google.thought_signature : undefined);
  const carried = {
    ...(foreign.length > 0 && { thinking_blocks: foreign }),
    ...(extra_content && { extra_content }),
  };
  const signature =
    foreign.length === 0 && own !== undefined
      ? own
      : Object.keys(carried).length > 0
        ? carriedSignature(carried)
        : undefined;
  return {
    functionCall: { id, name, args: argsOf(text) },
    ...(signature !== undefined && { thoughtSignature: signature }),
  };
}

/** A text with the thoughts that led to it as its signature. */
export function signedText(text: string, thinking: readonly ThinkingBlock[]): JsonObject {
  const own = googleSignature(thinking);
  if (own !== undefined) return { text, thoughtSignature: own };
  return thinking.length > 0 ? { text, thoughtSignature: carriedSignature({ thinking_blocks: thinking }) } : { text };
}

/** Pictures and speech as parts. */
export function mediaParts(images: readonly ChatImage[], audio: ChatAudio | undefined): JsonObject[] {
  const parts = images.flatMap(({ image_url: { url } }): JsonObject[] => {
    const found = /^data:([^;,]+);base64,/.exec(url);
    if (!found) return [{ fileData: { fileUri: url } }];
    return [{ inlineData: { mimeType: found[1], data: url.slice(found[0].length) } }];
  });
  return audio ? [...parts, { inlineData: { mimeType: "audio/pcm;rate=24000", data: audio.data } }] : parts;
}

/** Citations as Google's grounding, whose places are counted in bytes. */
export function groundingOf(annotations: readonly ChatAnnotation[], text: string): JsonObject | undefined {
  if (annotations.length === 0) return undefined;
  const bytes = (end: number): number => Buffer.byteLength(text.slice(0, end));
  return {
    groundingChunks: annotations.map(({ url_citation: { url, title } }) => ({ web: { uri: url, title } })),
    groundingSupports: annotations.flatMap(({ url_citation: { start_index, end_index } }, index) =>
      end_index > start_index
        ? [
            {
              segment: {
                startIndex: bytes(start_index),
                endIndex: bytes(end_index),
                text: text.slice(start_index, end_index),
              },
              groundingChunkIndices: [index],
            },
          ]
        : [],
    ),
  };
}

/** A signature of Google's own among the blocks. */
function googleSignature(thinking: readonly ThinkingBlock[]): string | undefined {
  for (const block of thinking.toReversed()) {
    const google = block.type === "thinking" ? unpackCarried(block.signature)?.google : undefined;
    const signature = isRecord(google) ? textOf(google.thought_signature) : undefined;
    if (signature !== undefined) return signature;
  }
  return undefined;
}

/** Arguments that a model got wrong are kept as text: Gemini's are always an object. */
function argsOf(text: string): JsonObject {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : { INVALID_JSON: text };
  } catch (cause) {
    if (cause instanceof SyntaxError) return { INVALID_JSON: text };
    throw cause;
  }
}
