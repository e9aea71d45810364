import type { JsonObject } from "@/server/dialects/dialect";
import type { ChatAnnotation } from "@/server/wire/chat";

/** Writes one event; it knows the sequence. */
export type Emit = (type: string, fields: JsonObject) => string;

type ItemStatus = "completed" | "incomplete";
type Place = { readonly id: string; readonly index: number; readonly emit: Emit };
type TextPart = { type: "output_text"; text: string; annotations: JsonObject[]; logprobs: unknown[] };
type Part = TextPart | RefusalPart;
type RefusalPart = { type: "refusal"; refusal: string };

/** An item of the output while it is made. `item` is what it has become so far; `add` and `close` are its first and last events. */
abstract class OpenItem {
  abstract readonly item: JsonObject;
  closed = false;
  protected readonly place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  /** Announces the item, in the form that it has before anything of it has come. */
  add(): string {
    return this.place.emit("response.output_item.added", { output_index: this.place.index, item: this.item });
  }

  protected done(): string {
    this.closed = true;
    return this.place.emit("response.output_item.done", { output_index: this.place.index, item: this.item });
  }

  /** An event of a part within the item. */
  protected say(type: string, fields: JsonObject): string {
    return this.place.emit(type, { item_id: this.place.id, output_index: this.place.index, ...fields });
  }
}

/** A message that was begun by other bytes: its parts so far, and how far the last of them has come. */
export type BegunMessage = {
  readonly item: JsonObject;
  readonly parts: readonly TextPart[];
  /** `said`: its text is over, and the part is not. */
  readonly last: "open" | "said" | "closed";
};

/** What the model says, as parts of text or refusal. */
export class MessageItem extends OpenItem {
  readonly #parts: Part[] = [];
  readonly #message: JsonObject & { status: string };
  #partOpen = false;
  #partSaid = false;

  constructor(place: Place, begun?: BegunMessage) {
    super(place);
    const message = begun?.item ?? { id: place.id, type: "message", role: "assistant" };
    this.#message = { ...message, status: "in_progress", content: this.#parts };
    if (!begun) return;
    this.#parts.push(...begun.parts);
    this.#partOpen = begun.last !== "closed";
    this.#partSaid = begun.last === "said";
  }

  get item(): JsonObject {
    return this.#message;
  }

  text(delta: string, logprobs: readonly unknown[]): string {
    let out = "";
    let part = this.#openPart;
    if (part?.type !== "output_text" || this.#partSaid) {
      part = { type: "output_text", text: "", annotations: [], logprobs: [] };
      out = this.#open(part);
    }
    part.text += delta;
    part.logprobs.push(...logprobs);
    return out + this.say("response.output_text.delta", { content_index: this.#at, delta, logprobs });
  }

  refusal(delta: string): string {
    let out = "";
    let part = this.#openPart;
    if (part?.type !== "refusal") {
      part = { type: "refusal", refusal: "" };
      out = this.#open(part);
    }
    part.refusal += delta;
    return out + this.say("response.refusal.delta", { content_index: this.#at, delta });
  }

  /** A citation of the last text; some upstreams tell it when the text is over. */
  annotate({ url_citation }: ChatAnnotation): string {
    const part = this.#parts.findLast((one) => one.type === "output_text");
    if (part?.type !== "output_text") return this.text("", []) + this.annotate({ type: "url_citation", url_citation });
    const annotation = { type: "url_citation", ...url_citation };
    part.annotations.push(annotation);
    return this.say("response.output_text.annotation.added", {
      content_index: this.#parts.indexOf(part),
      annotation_index: part.annotations.length - 1,
      annotation,
    });
  }

  close(status: ItemStatus): string {
    const out = this.#closePart();
    this.#message.status = status;
    return out + this.done();
  }

  get #at(): number {
    return this.#parts.length - 1;
  }

  get #openPart(): Part | undefined {
    return this.#partOpen ? this.#parts.at(-1) : undefined;
  }

  #open(part: Part): string {
    const out = this.#closePart();
    this.#parts.push(part);
    this.#partOpen = true;
    return out + this.say("response.content_part.added", { content_index: this.#at, part });
  }

  #closePart(): string {
    const part = this.#openPart;
    if (!part) return "";
    this.#partOpen = false;
    const content_index = this.#at;
    const whole = this.#partSaid ? "" : this.#endOf(part, content_index);
    this.#partSaid = false;
    return whole + this.say("response.content_part.done", { content_index, part });
  }

  #endOf(part: Part, content_index: number): string {
    return part.type === "refusal"
      ? this.say("response.refusal.done", { content_index, refusal: part.refusal })
      : this.say("response.output_text.done", { content_index, text: part.text, logprobs: part.logprobs });
  }
}

/** What the model thought, as summaries, and what its vendor wants back of it, opaque. */
export class ReasoningItem extends OpenItem {
  readonly #summary: { type: "summary_text"; text: string }[] = [];
  readonly #reasoning: JsonObject;
  #partOpen = false;

  constructor(place: Place) {
    super(place);
    this.#reasoning = { id: place.id, type: "reasoning", summary: this.#summary };
  }

  get item(): JsonObject {
    return this.#reasoning;
  }

  text(delta: string): string {
    let out = "";
    if (!this.#partOpen) {
      this.#partOpen = true;
      const part = { type: "summary_text" as const, text: "" };
      this.#summary.push(part);
      out = this.say("response.reasoning_summary_part.added", { summary_index: this.#at, part });
    }
    const part = this.#summary.at(-1);
    if (part) part.text += delta;
    return out + this.say("response.reasoning_summary_text.delta", { summary_index: this.#at, delta });
  }

  /** Ends a summary, so that more of it begins another. */
  endPart(): string {
    const part = this.#summary.at(-1);
    if (!this.#partOpen || !part) return "";
    this.#partOpen = false;
    const summary_index = this.#at;
    return (
      this.say("response.reasoning_summary_text.done", { summary_index, text: part.text }) +
      this.say("response.reasoning_summary_part.done", { summary_index, part })
    );
  }

  close(encrypted: string | undefined): string {
    const out = this.endPart();
    if (encrypted !== undefined) this.#reasoning.encrypted_content = encrypted;
    return out + this.done();
  }

  get #at(): number {
    return this.#summary.length - 1;
  }
}

/** A call of a tool: of a function with JSON arguments, or of a custom tool with free text. */
export class CallItem extends OpenItem {
  readonly callId: string;
  readonly #custom: boolean;
  readonly #call: JsonObject;
  #input = "";

  constructor(place: Place, { callId, name, custom }: { callId: string; name: string; custom: boolean }) {
    super(place);
    this.callId = callId;
    this.#custom = custom;
    this.#call = {
      id: place.id,
      type: custom ? "custom_tool_call" : "function_call",
      status: "in_progress",
      call_id: callId,
      name,
      ...(custom ? { input: "" } : { arguments: "" }),
    };
  }

  get item(): JsonObject {
    return this.#call;
  }

  /** True when nothing can follow: the arguments are whole. */
  get isWhole(): boolean {
    if (this.#custom) return false;
    try {
      JSON.parse(this.#input);
      return true;
    } catch {
      // Not whole yet, or not JSON: then it is over when the answer is.
      return false;
    }
  }

  input(delta: string): string {
    if (delta === "" || this.closed) return "";
    this.#input += delta;
    return this.say(this.#custom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta", {
      delta,
    });
  }

  close(status: ItemStatus): string {
    // Clients parse what they are given: a call without arguments has an empty object.
    const out = this.#input === "" && !this.#custom && status === "completed" ? this.input("{}") : "";
    this.#call.status = status;
    if (this.#custom) {
      this.#call.input = this.#input;
      return out + this.say("response.custom_tool_call_input.done", { input: this.#input }) + this.done();
    }
    this.#call.arguments = this.#input;
    const whole = { arguments: this.#input, name: this.#call.name };
    return out + this.say("response.function_call_arguments.done", whole) + this.done();
  }
}
