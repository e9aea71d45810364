import type { JsonObject } from "@/server/dialects/dialect";
import { plain, toContent } from "@/server/dialects/responses/input-parts";
import { refused } from "@/server/dialects/responses/schema";
import { unpackCarried } from "@/server/wire/carried";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

type Place = { readonly path: string; readonly dropped: Set<string> };

/** Gathers the items that the model made in one turn into one message. */
export class AssistantTurn {
  #texts: JsonObject[] = [];
  #reasoning: string[] = [];
  #thinking: unknown[] = [];
  #calls: ({ id: string } & JsonObject)[] = [];
  /** What a vendor wants back with its tool calls, by the call's id. */
  #extras: JsonObject = {};
  /** All content as its vendor has it. */
  #content: unknown[] = [];
  #last: unknown;

  /** True when another text begins a new message: of one answer no two messages follow each other. */
  get isSpoken(): boolean {
    return this.#last === "message";
  }

  add(item: JsonObject, { path, dropped }: Place): void {
    this.#last = item.type ?? "message";
    if (item.type === "reasoning") this.#addReasoning(item, dropped);
    else if (item.type === "function_call") this.#addFunctionCall(item, path);
    else if (item.type === "custom_tool_call") this.#addCustomCall(item, path);
    else {
      const content = toContent(item.content, `${path}.content`, dropped);
      if (typeof content !== "string") this.#texts.push(...content);
      else if (content !== "") this.#texts.push({ type: "text", text: content });
    }
  }

  /** The message; undefined when nothing of it was given. */
  message(): ChatRequest["messages"][number] | undefined {
    const reasoning = this.#reasoning.join("\n\n");
    if (
      this.#texts.length + this.#calls.length + this.#thinking.length + this.#content.length === 0 &&
      reasoning === ""
    )
      return undefined;
    const calls = this.#calls.map((call) => {
      const extra = this.#extras[call.id];
      return isRecord(extra) ? { ...call, extra_content: extra } : call;
    });
    return {
      role: "assistant",
      content: this.#texts.length > 0 ? plain(this.#texts) : calls.length > 0 ? null : "",
      ...(reasoning !== "" && { reasoning_content: reasoning }),
      ...(this.#thinking.length > 0 && { thinking_blocks: this.#thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(this.#content.length > 0 && { content_blocks: this.#content }),
    };
  }

  #addReasoning(item: JsonObject, dropped: Set<string>): void {
    const text = [...listOf(item.summary), ...listOf(item.content)]
      .flatMap((part) => (isRecord(part) ? [textOf(part.text) ?? ""] : []))
      .filter((part) => part !== "");
    this.#reasoning.push(...text);
    if (textOf(item.encrypted_content) === undefined) return;
    const carried = unpackCarried(item.encrypted_content);
    // Another vendor's: only that vendor can read it.
    if (!carried) dropped.add("input.encrypted_content");
    this.#thinking.push(...listOf(carried?.thinking_blocks));
    this.#content.push(...listOf(carried?.content_blocks));
    if (isRecord(carried?.tool_calls)) Object.assign(this.#extras, carried.tool_calls);
  }

  #addFunctionCall(item: JsonObject, path: string): void {
    const called = { name: nameOf(item, path), arguments: typeof item.arguments === "string" ? item.arguments : "" };
    this.#calls.push({ id: callIdOf(item, path), type: "function", function: called });
  }

  #addCustomCall(item: JsonObject, path: string): void {
    const called = { name: nameOf(item, path), input: typeof item.input === "string" ? item.input : "" };
    this.#calls.push({ id: callIdOf(item, path), type: "custom", custom: called });
  }
}

function callIdOf(item: JsonObject, path: string): string {
  const id = textOf(item.call_id);
  if (id === undefined) throw refused(`${path}.call_id`, "Expected the call's id.");
  return id;
}

function nameOf(item: JsonObject, path: string): string {
  const name = textOf(item.name);
  if (name === undefined) throw refused(`${path}.name`, "Expected the tool's name.");
  return name;
}
