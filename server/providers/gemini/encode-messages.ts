import { z } from "zod";
import { encodeContent, encodeText, googleOf } from "@/server/providers/gemini/encode-parts";
import type { ModelFacts } from "@/server/providers/gemini/models";
import { type Content, checked, type Part, refused } from "@/server/providers/gemini/wire";
import { unpackCarried } from "@/server/wire/carried";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

type ChatMessage = ChatRequest["messages"][number];

const ToolCalls = z
  .array(
    z.looseObject({
      id: z.string().nullish(),
      function: z.looseObject({ name: z.string().min(1), arguments: z.unknown() }).nullish(),
      custom: z.looseObject({ name: z.string().min(1), input: z.string() }).nullish(),
    }),
  )
  .nullish();
type ToolCall = NonNullable<z.infer<typeof ToolCalls>>[number];

/** What Google documents for calls that none of its models made. Source: Gemini API, "Thought signatures", FAQs. */
const UNSIGNED = "skip_thought_signature_validator";

export type EncodedMessages = { readonly system: Part[]; readonly contents: Content[] };

/**
 * Canonical messages as Gemini's system instruction and contents. System and developer messages at the head become the system
 * instruction; later ones a text of the user's in `<system>` tags. Messages of one side that follow one another become one
 * turn, so the results of parallel calls stand together as the API demands. Throws `invalid_request` for what is malformed.
 */
export function encodeMessages(
  messages: readonly ChatMessage[],
  about: { facts: ModelFacts; dropped: Set<string> },
): EncodedMessages {
  return new Conversation(about.facts, about.dropped).encode(messages);
}

class Conversation {
  readonly #facts: ModelFacts;
  readonly #dropped: Set<string>;
  readonly #system: Part[] = [];
  readonly #contents: Content[] = [];
  /** Names of the tools by the ids of their calls: a result names its call alone. */
  readonly #names = new Map<string, string>();

  constructor(facts: ModelFacts, dropped: Set<string>) {
    this.#facts = facts;
    this.#dropped = dropped;
  }

  encode(messages: readonly ChatMessage[]): EncodedMessages {
    const found = messages.findIndex(({ role }) => !isInstruction(role));
    const head = found === -1 ? messages.length : found;
    for (const [index, message] of messages.entries()) {
      const path = `messages.${index}`;
      if (index < head) this.#system.push(...encodeText(message.content, `${path}.content`, this.#dropped));
      else this.#message(message, path);
    }
    // OpenAI answers a conversation of instructions alone; Gemini wants something said by the user.
    if (this.#contents.length > 0) return { system: this.#system, contents: this.#contents };
    return { system: [], contents: this.#system.length > 0 ? [{ role: "user", parts: this.#system }] : [] };
  }

  #message(message: ChatMessage, path: string): void {
    if (isInstruction(message.role)) {
      const texts = encodeText(message.content, `${path}.content`, this.#dropped);
      this.#add(
        "user",
        texts.map(({ text }) => ({ text: `<system>\n${String(text)}\n</system>` })),
      );
    } else if (message.role === "user") {
      this.#add("user", encodeContent(message.content, `${path}.content`, this.#dropped));
    } else if (message.role === "tool" || message.role === "function") {
      this.#add("user", this.#toolResult(message, path));
    } else if (message.role === "assistant") {
      this.#add("model", this.#assistant(message, path));
    } else throw refused(`${path}.role`, "Expected system, developer, user, assistant or tool.");
  }

  #add(role: Content["role"], parts: Part[]): void {
    if (parts.length === 0) return;
    const last = this.#contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else this.#contents.push({ role, parts });
  }

  #assistant(message: ChatMessage, path: string): Part[] {
    const text = encodeContent(message.content, `${path}.content`, this.#dropped);
    const said = text.length > 0 ? text : encodeContent(message.refusal, `${path}.refusal`, this.#dropped);
    const signature = textSignature(message);
    const calls = checked(ToolCalls, message.tool_calls, `${path}.tool_calls`) ?? [];
    return [...signed(said, signature), ...calls.flatMap((call, index) => this.#functionCall(call, index))];
  }

  #functionCall(call: ToolCall, index: number): Part[] {
    const name = call.function?.name ?? call.custom?.name;
    if (name === undefined) return [];
    if (call.id) this.#names.set(call.id, name);
    const args = call.custom ? { input: call.custom.input } : argsOf(call.function?.arguments);
    // Of calls made at once only the first is signed.
    const signature =
      textOf(googleOf(call.extra_content).thought_signature) ??
      (index === 0 && this.#facts.signsCalls ? UNSIGNED : undefined);
    const functionCall = { ...(call.id && { id: call.id }), name, args };
    return [{ functionCall, ...(signature !== undefined && { thoughtSignature: signature }) }];
  }

  #toolResult(message: ChatMessage, path: string): Part[] {
    const id = textOf(message.tool_call_id);
    const name = (id !== undefined ? this.#names.get(id) : undefined) ?? textOf(message.name);
    if (name === undefined) {
      throw refused(`${path}.tool_call_id`, "No tool call with this id comes before.");
    }
    const content = encodeContent(message.content, `${path}.content`, this.#dropped);
    const text = content.map((part) => textOf(part.text) ?? "").join("");
    const media = content.filter((part) => part.text === undefined);
    const inside = this.#facts.signsCalls && media.length > 0;
    const response = resultOf(text, message.is_error === true);
    const functionResponse = { ...(id && { id }), name, response, ...(inside && { parts: media }) };
    // Earlier models take pictures beside a result only.
    return [{ functionResponse }, ...(inside ? [] : media)];
  }
}

function isInstruction(role: string): boolean {
  return role === "system" || role === "developer";
}

/** Google takes an object; `output` and `error` are its names for what is none. */
function resultOf(text: string, isError: boolean): Record<string, unknown> {
  const value = parsed(text);
  if (isError) return { error: isRecord(value) ? value : text };
  return isRecord(value) ? value : { output: text };
}

/** Arguments that a model got wrong are kept as text; the API takes objects only. */
function argsOf(text: unknown): Record<string, unknown> {
  if (isRecord(text)) return text;
  if (typeof text !== "string" || text.trim() === "") return {};
  const value = parsed(text);
  return isRecord(value) ? value : { INVALID_JSON: text };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** The newest signature of Google's; other vendors' mean nothing to it. */
function textSignature(message: ChatMessage): string | undefined {
  const own = textOf(googleOf(message.extra_content).thought_signature);
  return listOf(message.thinking_blocks).reduce<string | undefined>((found, block) => {
    const carried = isRecord(block) ? unpackCarried(block.signature) : undefined;
    return textOf(googleOf(carried).thought_signature) ?? found;
  }, own);
}

/** The signature stands on the last text, or alone where there is none. */
function signed(parts: Part[], signature: string | undefined): Part[] {
  if (signature === undefined) return parts;
  const last = parts.at(-1);
  if (last?.text === undefined) return [...parts, { text: "", thoughtSignature: signature }];
  return [...parts.slice(0, -1), { ...last, thoughtSignature: signature }];
}
