import type { JsonObject, Seen, StreamEncoder } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { type Call, markFirstToken } from "@/server/gateway/call";
import type { Translator } from "@/server/gateway/stream";
import { upstreamError } from "@/server/gateway/upstream-error";
import type { ProviderType } from "@/server/providers/provider";
import { type FrameParser, type Framing, frameParser } from "@/server/wire/framing";
import type { ServerSentEvent } from "@/server/wire/sse";
import type { Usage } from "@/server/wire/usage";

type Ways = {
  readonly type: ProviderType;
  readonly read: (event: ServerSentEvent) => Seen;
  readonly framing: Framing;
  readonly encoder: () => StreamEncoder;
  /** Keeps the whole answer for later calls, before its end goes out. */
  readonly keep?: ((answer: JsonObject) => Promise<void>) | undefined;
};

/**
 * Passes a stream on in the dialect that caller and upstream share, byte by byte where it comes as server-sent events, and reads
 * each event beside it for the ledger. Bytes are held back until the first event that commits the answer.
 */
export class NativeEvents implements Translator {
  started = false;
  producedTokens = 0;
  earlyUsage: Usage | undefined;
  #call: Call;
  #ways: Ways;
  #parser: FrameParser;
  #answer: JsonObject | undefined;
  /** The end of the answer, until it is kept. */
  #last: Buffer[] = [];
  #ended = false;

  constructor(call: Call, ways: Ways) {
    this.#call = call;
    this.#ways = ways;
    this.#parser = frameParser(ways.framing);
  }

  get alive(): boolean {
    return this.started;
  }

  get complete(): boolean {
    return this.#ended;
  }

  push(chunk: Buffer): Buffer | string | undefined {
    let reframed = "";
    for (const event of this.#parser.push(chunk)) {
      this.#read(event);
      if (this.#ways.framing !== "sse") reframed += sseOf(event);
    }
    const out = this.#ways.framing === "sse" ? chunk : reframed || undefined;
    if (!this.#ways.keep || !this.#answer || out === undefined) return out;
    this.#last.push(Buffer.from(out));
    return undefined;
  }

  async keep(): Promise<void> {
    if (this.#answer) await this.#ways.keep?.(this.#answer);
  }

  finish(): Buffer | undefined {
    if (!this.#ended) {
      throw new GatewayError("upstream_unavailable", "The provider's stream ended before the answer was complete.");
    }
    this.#call.usage = this.earlyUsage;
    return this.#last.length > 0 ? Buffer.concat(this.#last) : undefined;
  }

  fail(error: GatewayError): string {
    return this.#ways.encoder().fail(error);
  }

  #read(event: ServerSentEvent): void {
    const seen = this.#seen(event);
    if (!seen) return;
    if (seen.error && !this.started) throw upstreamError(this.#ways.type.classify(seen.errorStatus ?? 500, seen.error));
    if (seen.error) {
      // The caller has the vendor's own error event; the ledger is told.
      this.#call.failure = { kind: "upstream_unavailable", message: "The provider's stream ended with an error." };
      this.#ended = true;
    }
    if (seen.started) this.started = true;
    if (seen.usage) this.earlyUsage = seen.usage;
    if (seen.finishReason) this.#call.finishReason = seen.finishReason;
    if (seen.responseId) this.#call.responseId = seen.responseId;
    if (seen.answer) this.#answer = seen.answer;
    if (seen.end) this.#ended = true;
    if (!seen.token) return;
    this.producedTokens++;
    markFirstToken(this.#call);
  }

  #seen(event: ServerSentEvent): Seen | undefined {
    try {
      return this.#ways.read(event);
    } catch (error) {
      // One garbled event passes unread; a stream that is garbled to its end fails for want of a terminal event.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}

function sseOf({ event, data }: ServerSentEvent): string {
  return `${event === "" ? "" : `event: ${event}\n`}data: ${data}\n\n`;
}
