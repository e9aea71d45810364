import type { JsonObject, StreamEncoder } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { type Call, markFirstToken } from "@/server/gateway/call";
import { tokensOfBytes } from "@/server/gateway/estimate";
import { isFinal, isThought, type Progress, writtenIn } from "@/server/gateway/progress";
import type { SplicedAnswer } from "@/server/gateway/splice-answer";
import type { Translator } from "@/server/gateway/stream";
import { upstreamError } from "@/server/gateway/upstream-error";
import type { StreamPiece } from "@/server/providers/provider";
import type { ChatChunk } from "@/server/wire/chat";
import { type FrameParser, type Framing, frameParser } from "@/server/wire/framing";
import type { ServerSentEvent } from "@/server/wire/sse";
import type { Usage } from "@/server/wire/usage";

type Ways = {
  readonly framing: Framing;
  readonly decode: (event: ServerSentEvent) => readonly StreamPiece[];
  readonly encoder: StreamEncoder;
  /** The encoder, where this goes on with a stream that broke off. */
  readonly splice?: SplicedAnswer;
  /** Keeps the whole answer for later calls, before its end goes out. */
  readonly keep?: ((answer: JsonObject) => Promise<void>) | undefined;
};

/** Translates an upstream's stream into the caller's dialect through the canonical form, one upstream event at a time. */
export class TranslatedStream implements Translator {
  alive = false;
  started = false;
  broken: unknown;
  #events = 0;
  earlyUsage: Usage | undefined;
  #call: Call;
  #ways: Ways;
  #parser: FrameParser;
  #ended = false;
  #text = "";
  #thought = false;
  #written = "";
  #head: Progress["head"] | undefined;
  /** Something was sent that cannot be continued. */
  #bound = false;

  constructor(call: Call, ways: Ways) {
    this.#call = call;
    this.#ways = ways;
    this.#parser = frameParser(ways.framing);
  }

  /** One event is one token at some vendors; others put dozens into one, and then its length tells. */
  get producedTokens(): number {
    return Math.max(this.#events, tokensOfBytes(this.#written.length));
  }

  get complete(): boolean {
    return this.#ended;
  }

  get diverged(): boolean {
    return this.#ways.splice?.diverged === true;
  }

  push(chunk: Buffer): string | undefined {
    let out = "";
    try {
      for (const event of this.#parser.push(chunk)) {
        for (const piece of this.#ways.decode(event)) out += this.#take(piece);
      }
    } catch (error) {
      if (out === "") throw error;
      // What came before is written, and whoever goes on takes it for sent.
      this.broken = error;
    }
    return out === "" ? undefined : out;
  }

  async keep(): Promise<void> {
    const answer = this.#ways.encoder.answer?.();
    if (answer) await this.#ways.keep?.(answer);
  }

  finish(): string {
    if (!this.#ended) {
      throw new GatewayError("upstream_unavailable", "The provider's stream ended before the answer was complete.");
    }
    this.#call.usage = this.earlyUsage;
    return this.#ways.encoder.finish(this.earlyUsage);
  }

  fail(error: GatewayError): string {
    return this.#ways.encoder.fail(error);
  }

  told(usage: Usage): Usage {
    return this.#ways.splice?.told(usage) ?? usage;
  }

  written(): string {
    return this.#written;
  }

  progress(): Progress | undefined {
    if (this.#bound) return undefined;
    const { splice, encoder } = this.#ways;
    const own = { text: this.#text, thought: this.#thought, head: this.#head, encoder };
    return splice ? splice.progress(this.#head) : own;
  }

  #take(piece: StreamPiece): string {
    switch (piece.kind) {
      case "chunk":
        return this.#takeChunk(piece.chunk);
      case "usage":
        this.earlyUsage = piece.usage;
        return "";
      case "error":
        throw upstreamError(piece.error);
      case "end":
        this.#ended = true;
        this.alive = true;
        this.started = true;
        return "";
      default:
        return piece satisfies never;
    }
  }

  #takeChunk(chunk: ChatChunk): string {
    this.alive = true;
    this.#head ??= { id: chunk.id, created: chunk.created, model: chunk.model };
    let bound = false;
    for (const { index, delta, finish_reason } of chunk.choices) {
      const final = isFinal(delta);
      const thought = isThought(delta);
      bound ||= index > 0 || final || Boolean(finish_reason || delta.content_blocks?.length);
      this.#text += delta.content ?? "";
      this.#thought ||= thought;
      if (finish_reason) {
        this.#call.finishReason = finish_reason;
        this.started = true;
      }
      if (delta.content || final || thought) {
        this.#events++;
        this.started = true;
        markFirstToken(this.#call);
      }
    }
    this.#written += writtenIn(chunk);
    const out = this.#ways.encoder.chunk(chunk);
    // What the encoder refused the caller does not have.
    this.#bound ||= bound;
    return out;
  }
}
