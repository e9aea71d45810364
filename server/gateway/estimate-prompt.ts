import { countTextTokens } from "@/server/gateway/tokenizer";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** What vendors put around a message, a tool and a conversation. */
const MESSAGE_TOKENS = 4;
const TOOL_TOKENS = 8;
const PROMPT_TOKENS = 3;
/** A picture of about a megapixel; a small one, as `detail: "low"` asks for. */
const IMAGE_TOKENS = 1_300;
const SMALL_IMAGE_TOKENS = 85;
/** A document of two pages: how many it has cannot be told from its bytes. */
const FILE_TOKENS = 3_000;
/** Recorded speech has about ten tokens in a second, which takes so many characters of base64. */
const AUDIO_CHARACTERS_PER_TOKEN = 4_000;

type Tally = { readonly texts: string[]; tokens: number };

/** How many tokens a canonical request's prompt has, about: its texts are counted, the rest goes by rules of thumb. */
export async function estimatePrompt(request: ChatRequest): Promise<number> {
  const tally: Tally = { texts: [], tokens: PROMPT_TOKENS };
  for (const message of request.messages) addMessage(tally, message);
  for (const tool of request.tools ?? []) {
    tally.tokens += TOOL_TOKENS;
    tally.texts.push(JSON.stringify(tool));
  }
  if (isRecord(request.response_format)) tally.texts.push(JSON.stringify(request.response_format));
  return tally.tokens + (await countTextTokens(tally.texts.join("\n")));
}

function addMessage(tally: Tally, message: Record<string, unknown>): void {
  tally.tokens += MESSAGE_TOKENS;
  addText(tally, message.content);
  addText(tally, message.name);
  for (const part of listOf(message.content)) if (isRecord(part)) addPart(tally, part);
  for (const call of listOf(message.tool_calls)) {
    const called = isRecord(call) ? (call.function ?? call.custom) : undefined;
    if (isRecord(called)) for (const text of [called.name, called.arguments, called.input]) addText(tally, text);
  }
}

function addPart(tally: Tally, part: Record<string, unknown>): void {
  if (part.type === "text") addText(tally, part.text);
  else if (part.type === "image_url" || part.type === "image") {
    const isSmall = isRecord(part.image_url) && part.image_url.detail === "low";
    tally.tokens += isSmall ? SMALL_IMAGE_TOKENS : IMAGE_TOKENS;
  } else if (part.type === "input_audio") {
    const data = isRecord(part.input_audio) ? (textOf(part.input_audio.data) ?? "") : "";
    tally.tokens += Math.ceil(data.length / AUDIO_CHARACTERS_PER_TOKEN);
  } else tally.tokens += FILE_TOKENS;
}

function addText(tally: Tally, text: unknown): void {
  if (typeof text === "string") tally.texts.push(text);
}
