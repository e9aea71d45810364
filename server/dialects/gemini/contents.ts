import type { JsonObject } from "@/server/dialects/dialect";
import { contentPart } from "@/server/dialects/gemini/parts";
import { field, record, refused } from "@/server/dialects/gemini/request";
import { packCarried } from "@/server/wire/carried";
import { readSignature } from "@/server/wire/gemini-signature";
import { isRecord, listOf, textOf } from "@/server/wire/json";

type Message = { role: string; [field: string]: unknown };

/**
 * Contents as canonical messages. Calls without an id get one by their place, and a result without one answers the oldest open
 * call of its name. Parts that have no counterpart are named in `dropped`. Throws `invalid_request` for what is malformed.
 */
export function messagesOf(contents: unknown, dropped: Set<string>): Message[] {
  const reader = new ContentsReader(dropped);
  const list: readonly unknown[] = Array.isArray(contents) ? contents : [contents];
  return together(list.flatMap((content, index) => reader.content(content, index)));
}

/** Clients that keep a stream's events keep each as a turn of the model's: they are one. */
function together(messages: readonly Message[]): Message[] {
  const list: Message[] = [];
  for (const message of messages) {
    const last = list.at(-1);
    if (last?.role === "assistant" && message.role === "assistant") list[list.length - 1] = joined(last, message);
    else list.push(message);
  }
  return list;
}

function joined(left: Message, right: Message): Message {
  const both = (name: string): unknown[] => [...listOf(left[name]), ...listOf(right[name])];
  const [calls, thinking] = [both("tool_calls"), both("thinking_blocks")];
  const reasoning = `${textOf(left.reasoning_content) ?? ""}${textOf(right.reasoning_content) ?? ""}`;
  return {
    role: "assistant",
    content: contentOf([...partsIn(left.content), ...partsIn(right.content)], calls.length > 0),
    ...(reasoning && { reasoning_content: reasoning }),
    ...(thinking.length > 0 && { thinking_blocks: thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function partsIn(content: unknown): JsonObject[] {
  const text = textOf(content);
  return text === undefined ? listOf(content).filter(isRecord) : [{ type: "text", text }];
}

/** What the model said, as one text unless it holds more than texts. */
function contentOf(parts: JsonObject[], hasCalls: boolean): string | JsonObject[] | null {
  if (parts.some(({ type }) => type !== "text")) return parts;
  return parts.map(({ text }) => String(text)).join("") || (hasCalls ? null : "");
}

/** The system instruction's text: a content, or a text alone. */
export function instructionOf(instruction: unknown): string | undefined {
  if (typeof instruction === "string") return textOf(instruction);
  const parts = isRecord(instruction) ? partsOf(instruction) : [];
  return textOf(parts.flatMap((part) => (isRecord(part) ? (textOf(part.text) ?? []) : [])).join("\n"));
}

function partsOf(content: JsonObject): readonly unknown[] {
  if (Array.isArray(content.parts)) return content.parts;
  // One part alone is taken as a list of it, and a part without its content as that content's only one.
  return isRecord(content.parts) ? [content.parts] : content.parts === undefined && "text" in content ? [content] : [];
}

type OpenCall = { readonly id: string; readonly name: string };

class ContentsReader {
  readonly #dropped: Set<string>;
  readonly #open: OpenCall[] = [];

  constructor(dropped: Set<string>) {
    this.#dropped = dropped;
  }

  content(content: unknown, index: number): Message[] {
    const path = `contents.${index}`;
    if (typeof content === "string") return [{ role: "user", content }];
    if (!isRecord(content)) throw refused(path, "Expected a content with parts.");
    const parts = partsOf(content).map((part, at): JsonObject => {
      if (typeof part === "string") return { text: part };
      if (isRecord(part)) return part;
      throw refused(`${path}.parts.${at}`, "Expected a part.");
    });
    const { role } = content;
    if (role === "model") return [this.#modelTurn(parts, index)];
    if (role === "system") return [{ role: "system", content: instructionOf(content) ?? "" }];
    if (role !== undefined && role !== null && role !== "user" && role !== "function") {
      throw refused(`${path}.role`, "Expected user or model.");
    }
    return this.#userTurn(parts, path);
  }

  #userTurn(parts: readonly JsonObject[], path: string): Message[] {
    const results: Message[] = [];
    const said: JsonObject[] = [];
    for (const [at, part] of parts.entries()) {
      const response = field(part, "functionResponse");
      if (isRecord(response)) results.push(this.#result(response, `${path}.parts.${at}`));
      else said.push(...this.#said(part));
    }
    return [
      ...results,
      ...(said.length > 0 || results.length === 0 ? [{ role: "user", content: simplest(said) }] : []),
    ];
  }

  #said(part: JsonObject): JsonObject[] {
    const made = contentPart(part);
    if (made) return [made];
    for (const name of Object.keys(part)) {
      if (name !== "text" && name !== "thought" && /^\w{1,64}$/.test(name)) this.#dropped.add(`contents.parts.${name}`);
    }
    return [];
  }

  #result(response: JsonObject, path: string): Message {
    const name = textOf(response.name);
    const given = textOf(response.id);
    const found = this.#open.findIndex((call) => (given === undefined ? call.name === name : call.id === given));
    const [call] = found === -1 ? [] : this.#open.splice(found, 1);
    const id = given ?? call?.id;
    if (id === undefined) throw refused(`${path}.functionResponse.name`, "No function call of this name comes before.");
    const value = isRecord(response.response) ? response.response : {};
    const media = listOf(response.parts).flatMap((part) => (isRecord(part) ? this.#said(part) : []));
    const text = resultText(value);
    return {
      role: "tool",
      tool_call_id: id,
      ...(name !== undefined && { name }),
      content: media.length > 0 ? [{ type: "text", text }, ...media] : text,
      ...("error" in value && Object.keys(value).length === 1 && { is_error: true }),
    };
  }

  #modelTurn(parts: readonly JsonObject[], index: number): Message {
    const text: JsonObject[] = [];
    const calls: JsonObject[] = [];
    const thinking: unknown[] = [];
    let reasoning = "";
    for (const part of parts) {
      const signature = field(part, "thoughtSignature");
      const carried = readSignature(signature);
      thinking.push(...listOf(carried?.thinking_blocks));
      const call = field(part, "functionCall");
      if (isRecord(call)) {
        const extra = carried ? carried.extra_content : googleExtra(signature);
        calls.push(this.#call(call, { extra, place: `${index}_${calls.length}` }));
        continue;
      }
      if (!carried && textOf(signature)) {
        thinking.push({ type: "thinking", thinking: "", signature: packCarried(googleExtra(signature) ?? {}) });
      }
      if (part.thought === true) reasoning += textOf(part.text) ?? "";
      else text.push(...this.#said(part));
    }
    return {
      role: "assistant",
      content: contentOf(text, calls.length > 0),
      ...(reasoning && { reasoning_content: reasoning }),
      ...(thinking.length > 0 && { thinking_blocks: thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
    };
  }

  #call(call: JsonObject, { extra, place }: { extra: unknown; place: string }): JsonObject {
    const name = textOf(call.name) ?? "";
    const id = textOf(call.id) ?? `call_${place}`;
    this.#open.push({ id, name });
    return {
      id,
      type: "function",
      function: { name, arguments: JSON.stringify(record(call, "args")) },
      ...(isRecord(extra) && { extra_content: extra }),
    };
  }
}

function googleExtra(signature: unknown): JsonObject | undefined {
  return textOf(signature) === undefined ? undefined : { google: { thought_signature: signature } };
}

/** `output` and `result` are what the SDKs wrap a value in that is no object. */
function resultText(value: JsonObject): string {
  const [only, ...more] = Object.entries(value);
  const wrapped = only && more.length === 0 && ["output", "result", "error"].includes(only[0]) ? only[1] : value;
  return typeof wrapped === "string" ? wrapped : JSON.stringify(wrapped);
}

/** One text stands for itself. */
function simplest(parts: JsonObject[]): string | JsonObject[] {
  const [first] = parts;
  if (first === undefined) return "";
  return parts.length === 1 && first.type === "text" ? String(first.text) : parts;
}
