import type { JsonObject, StreamEncoder } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { isFinal, isThought, type Progress } from "@/server/gateway/progress";
import type { ChatChunk } from "@/server/wire/chat";
import { noUsage, sumUsage, type Usage } from "@/server/wire/usage";

/** `continued`: the target was given the beginning and goes on from it. `anew`: it answers from the start. */
export type SpliceMode = "continued" | "anew";

type Choice = ChatChunk["choices"][number];

/**
 * Joins another target's answer to what the caller has of the first one: what is there already is left out, and the rest gets the
 * first stream's ids. Throws `upstream_unavailable` for an answer that does not begin with what the caller has.
 */
export class SplicedAnswer implements StreamEncoder {
  /** The answer was another one: no fault of the target's. */
  diverged = false;
  #before: Progress;
  #mode: SpliceMode;
  /** All text that the caller has. */
  #sent: string;
  /** What the answer must still begin with. */
  #expected: string;
  #thought: boolean;
  /** Of a continuation, what may be a repetition of the beginning and was not passed on. */
  #held = "";

  constructor(before: Progress, mode: SpliceMode) {
    this.#before = before;
    this.#mode = mode;
    this.#sent = before.text;
    this.#expected = before.text;
    this.#thought = before.thought;
  }

  /** What the caller has by now. */
  progress(head: Progress["head"]): Progress {
    return { ...this.#before, text: this.#sent, thought: this.#thought, head: this.#before.head ?? head };
  }

  chunk(chunk: ChatChunk): string {
    const choices = chunk.choices.flatMap((choice) => this.#choice(choice));
    return choices.length === 0 ? "" : this.#before.encoder.chunk({ ...chunk, ...this.#before.head, choices });
  }

  /** The caller is told the tokens of all that it has, and those of its prompt once. */
  finish(usage: Usage | undefined): string {
    return this.#before.encoder.finish(usage && this.told(usage));
  }

  /** The tokens of what the caller has by now, where this attempt has used so many. */
  told(usage: Usage): Usage {
    const { usage: before } = this.#before;
    if (!before) return usage;
    // An answer from the start is the whole of it once it has caught up.
    if (this.#mode === "anew") return this.#expected === "" ? usage : before;
    const { output, reasoning, audioOutput } = usage;
    return sumUsage(before, { ...noUsage, output, reasoning, audioOutput });
  }

  fail(error: GatewayError): string {
    return this.#before.encoder.fail(error);
  }

  answer(): JsonObject | undefined {
    return this.#before.encoder.answer?.();
  }

  #choice(choice: Choice): Choice[] {
    const { role, content, reasoning_content: reasoning, thinking_blocks: thinking, ...other } = choice.delta;
    const { content_blocks: blocks, annotations, ...rest } = other;
    const isWhole = this.#mode === "anew";
    const said = choice.finish_reason || isFinal(rest) ? this.#last(content ?? "") : this.#rest(content ?? "");
    this.#sent += said;
    // Its thoughts are not those that the caller has seen the beginning of.
    const thinks = this.#before.text === "" && !this.#before.thought && isThought(choice.delta);
    this.#thought ||= thinks;
    const kept = {
      ...rest,
      ...(thinks && reasoning && { reasoning_content: reasoning }),
      ...(thinks && thinking && { thinking_blocks: thinking }),
      // Those of a continuation are not the whole of what was said, and count places from its own beginning.
      ...(isWhole && blocks && { content_blocks: blocks }),
      ...(isWhole && annotations && { annotations }),
      ...(this.#before.head === undefined && role && { role }),
      ...((content !== undefined || said !== "") && { content: said }),
    };
    const says = Object.values(kept).some((value) => value !== null && value !== "");
    return says || choice.finish_reason ? [{ ...choice, delta: kept }] : [];
  }

  #rest(content: string): string {
    if (this.#expected === "") return content;
    return this.#mode === "anew" ? this.#afterExpected(content) : this.#afterRepetition(content);
  }

  /** The end of the answer, or of its text: what was held is no repetition, and nothing may be missing. */
  #last(content: string): string {
    const said = this.#rest(content);
    if (this.#expected === "") return said;
    if (this.#mode === "anew") throw this.#divergence();
    this.#expected = "";
    return said + this.#held;
  }

  #afterExpected(content: string): string {
    const common = Math.min(this.#expected.length, content.length);
    if (content.slice(0, common) !== this.#expected.slice(0, common)) throw this.#divergence();
    this.#expected = this.#expected.slice(common);
    return content.slice(common);
  }

  /** Some vendors begin a continuation with what they were given. */
  #afterRepetition(content: string): string {
    const all = this.#held + content;
    const { text } = this.#before;
    if (all.length < text.length && text.startsWith(all)) {
      this.#held = all;
      return "";
    }
    this.#expected = "";
    this.#held = "";
    if (all.startsWith(text)) return all.slice(text.length);
    // What goes on from a text without its white space at the end may begin with that space.
    const space = text.slice(text.trimEnd().length);
    return space !== "" && all.startsWith(space) ? all.slice(space.length) : all;
  }

  #divergence(): GatewayError {
    this.diverged = true;
    return new GatewayError(
      "upstream_unavailable",
      "The provider's stream broke off, and no other could go on from there.",
    );
  }
}
