import type { JsonObject, Resumed, Seen, StreamEncoder } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { type Call, markFirstToken } from "@/server/gateway/call";
import { MAX_REMEMBERED_BYTES, type Progress } from "@/server/gateway/progress";
import type { Translator } from "@/server/gateway/stream";
import { upstreamError } from "@/server/gateway/upstream-error";
import type { ProviderType } from "@/server/providers/provider";
import { type FrameParser, type Framing, frameParser } from "@/server/wire/framing";
import { type ServerSentEvent, SseParser } from "@/server/wire/sse";
import type { Usage } from "@/server/wire/usage";
import { WholeEvents } from "@/server/wire/whole-events";

type Ways = {
  readonly type: ProviderType;
  readonly read: (event: ServerSentEvent) => Seen;
  readonly framing: Framing;
  readonly encoder: () => StreamEncoder;
  /** Goes on from the events that the caller has; absent where the dialect cannot. */
  readonly resume?: ((events: readonly ServerSentEvent[]) => Resumed | undefined) | undefined;
  /** Keeps the whole answer for later calls, before its end goes out. */
  readonly keep?: ((answer: JsonObject) => Promise<void>) | undefined;
};

/**
 * Passes a stream on in the dialect that caller and upstream share, as its bytes are where it comes as server-sent events, and reads
 * each event beside it for the ledger. Bytes are held back until the first event that commits the answer, and go out at whole events,
 * so that what follows a stream that broke off does not stand in the middle of one.
 */
export class NativeEvents implements Translator {
  started = false;
  broken: unknown;
  producedTokens = 0;
  earlyUsage: Usage | undefined;
  #call: Call;
  #ways: Ways;
  #parser: FrameParser;
  #answer: JsonObject | undefined;
  /** The end of the answer, until it is kept. */
  #last: Buffer[] = [];
  #ended = false;
  #whole = new WholeEvents();
  /** What the caller has, for a continuation. */
  #passed: Buffer[] = [];
  #passedBytes = 0;
  /** The vendor's own event that ended the answer. */
  #error: string | undefined;

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

  push(chunk: Buffer): Buffer | undefined {
    let reframed = "";
    let read = 0;
    const events = this.#parser.push(chunk);
    try {
      for (const event of events) {
        this.#read(event);
        read++;
        if (this.#ways.framing !== "sse") reframed += sseOf(event);
      }
    } catch (error) {
      return this.#before(error, events.slice(0, read));
    }
    const out = this.#ways.framing === "sse" ? this.#whole.push(chunk) : bytesOf(reframed);
    if (!out) return undefined;
    this.#remember(out);
    if (!this.#ways.keep || !this.#answer) return out;
    this.#last.push(out);
    return undefined;
  }

  /** What came in one piece with the error, before it, is the caller's all the same once the answer is committed. */
  #before(error: unknown, events: readonly ServerSentEvent[]): Buffer | undefined {
    const out = this.started ? bytesOf(events.map(sseOf).join("")) : undefined;
    if (!out) throw error;
    this.broken = error;
    this.#remember(out);
    return out;
  }

  #remember(bytes: Buffer): void {
    if (!this.#ways.resume) return;
    this.#passedBytes += bytes.length;
    if (this.#passedBytes <= MAX_REMEMBERED_BYTES) this.#passed.push(bytes);
    else this.#passed = [];
  }

  progress(): Progress | undefined {
    if (this.#passedBytes > MAX_REMEMBERED_BYTES) return undefined;
    const parser = new SseParser();
    const resumed = this.#ways.resume?.(this.#passed.flatMap((bytes) => parser.push(bytes)));
    return resumed && { ...resumed, head: NO_HEAD };
  }

  async keep(): Promise<void> {
    if (this.#answer) await this.#ways.keep?.(this.#answer);
  }

  finish(): Buffer | undefined {
    if (!this.#ended) {
      throw new GatewayError("upstream_unavailable", "The provider's stream ended before the answer was complete.");
    }
    this.#call.usage = this.earlyUsage;
    // A last event without its blank line is still meant.
    const rest = this.#whole.rest();
    if (rest) this.#last.push(rest);
    return this.#last.length > 0 ? Buffer.concat(this.#last) : undefined;
  }

  /** The vendor's own words, where it said why it ended. */
  fail(error: GatewayError): string {
    return this.#error ?? this.#ways.encoder().fail(error);
  }

  #read(event: ServerSentEvent): void {
    const seen = this.#seen(event);
    if (!seen) return;
    if (seen.usage) this.earlyUsage = seen.usage;
    if (seen.finishReason) this.#call.finishReason = seen.finishReason;
    if (seen.responseId) this.#call.responseId = seen.responseId;
    if (seen.error) this.#failed(event, seen);
    if (seen.started) this.started = true;
    if (seen.answer) this.#answer = seen.answer;
    if (seen.end) this.#ended = true;
    if (!seen.token) return;
    this.producedTokens++;
    markFirstToken(this.#call);
  }

  #failed(event: ServerSentEvent, { error, errorStatus, usage }: Seen): never {
    if (this.started) this.#error = sseOf(event);
    if (usage) this.#call.usage = usage;
    throw upstreamError(this.#ways.type.classify(errorStatus ?? 500, error));
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

/** The dialects that go on have no ids in their events but in the first one. */
const NO_HEAD = { id: "", created: 0, model: "" };

function bytesOf(text: string): Buffer | undefined {
  return text === "" ? undefined : Buffer.from(text);
}

function sseOf({ event, data }: ServerSentEvent): string {
  return `${event === "" ? "" : `event: ${event}\n`}data: ${data}\n\n`;
}
