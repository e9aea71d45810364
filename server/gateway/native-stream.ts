import { carriesToken } from "@/server/dialects/chat";
import { GatewayError } from "@/server/errors";
import { type Call, markFirstToken } from "@/server/gateway/call";
import { tokensOfBytes } from "@/server/gateway/estimate";
import { MAX_REMEMBERED_BYTES, type Progress, progressOf, writtenOf } from "@/server/gateway/progress";
import type { Translator } from "@/server/gateway/stream";
import { upstreamError } from "@/server/gateway/upstream-error";
import { countMalformedEvent } from "@/server/metrics";
import type { ProviderType } from "@/server/providers/provider";
import { openaiError, statusInError } from "@/server/wire/error";
import { eventEnds } from "@/server/wire/event-bounds";
import { isRecord } from "@/server/wire/json";
import { SSE_DONE, SseParser, sseData } from "@/server/wire/sse";
import { usageFromChunk } from "@/server/wire/usage";
import { WholeEvents } from "@/server/wire/whole-events";

/** Length of `data: [DONE]` with its line ends. */
const CLOSING_BYTES = 16;
const CLOSE_BRACE = 125;
const DONE_LINE = /(?:^|[\r\n])data: ?\[DONE\]/;

/**
 * Passes the bytes of an OpenAI chat stream on as they are, and reads beside them what the ledger needs. Only events that
 * may hold something of note are parsed: the first ones until a token came, the finish, the usage, an error. Bytes go
 * out at whole events, so that the usage event that the gateway itself asked for can be kept back.
 */
export class NativeStream implements Translator {
  alive = false;
  started = false;
  #call: Call;
  #type: ProviderType;
  #hideUsage: boolean;
  #whole = new WholeEvents();
  #done = false;
  /** Whether each choice that was seen has finished. */
  #choices = new Map<number, boolean>();
  #unfinished = true;
  #passed: Buffer[] = [];
  #passedBytes = 0;
  /** The character before the brace that ended the last event that was parsed. */
  #lastButOne = Number.NaN;
  #events = 0;
  #bytes = 0;
  /** The smallest event so far: about what an event weighs without text. */
  #frameBytes = Number.POSITIVE_INFINITY;

  constructor(call: Call, type: ProviderType, hideUsage: boolean) {
    this.#call = call;
    this.#type = type;
    this.#hideUsage = hideUsage;
  }

  get producedTokens(): number {
    if (this.#call.firstTokenMs === undefined) return 0;
    // One event is one token at most vendors; some put many into one, and then its weight tells.
    return Math.max(this.#events, tokensOfBytes(this.#bytes - this.#events * this.#frameBytes));
  }

  /** With every choice finished nothing of the answer is missing but the closing line itself. */
  get complete(): boolean {
    return this.#done || !this.#unfinished;
  }

  push(chunk: Buffer): Buffer | undefined {
    const whole = this.#whole.push(chunk);
    if (!whole) return undefined;
    // Latin-1 keeps ASCII as it is, and ASCII is all that is looked for.
    const text = whole.toString("latin1");
    const sound = this.#weigh(text);
    const plain = sound && this.started && this.#call.firstTokenMs !== undefined && !isNotable(text);
    const passed = plain ? whole : this.#examine(whole);
    if (passed) this.#remember(passed);
    return passed;
  }

  /** What a continuation by another target would need to know of what the caller has. */
  #remember(bytes: Buffer): void {
    this.#passedBytes += bytes.length;
    if (this.#passedBytes <= MAX_REMEMBERED_BYTES) this.#passed.push(bytes);
    else this.#passed = [];
  }

  written(): string | undefined {
    return this.#passedBytes > MAX_REMEMBERED_BYTES ? undefined : writtenOf(this.#passed, this.#type);
  }

  progress(): Progress | undefined {
    if (this.#passedBytes > MAX_REMEMBERED_BYTES) return undefined;
    return progressOf(this.#passed, { type: this.#type, showUsage: !this.#hideUsage });
  }

  /** Counts events and their bytes, for the estimate where the vendor gives no usage. False where one may be cut off in itself. */
  #weigh(text: string): boolean {
    let sound = true;
    for (let at = text.indexOf("data:"); at !== -1; ) {
      const next = text.indexOf("\ndata:", at + 5);
      const size = (next === -1 ? text.length : next) - at;
      if (sound && !this.#endsWhole(text, at + size)) sound = false;
      // The closing line is no event of the answer.
      if (size > CLOSING_BYTES) {
        this.#events++;
        this.#bytes += size;
        if (size < this.#frameBytes) this.#frameBytes = size;
      }
      at = next === -1 ? -1 : next + 1;
    }
    return sound;
  }

  /** Whether an event's text ends as those before it did: one that was cut off seldom does. */
  #endsWhole(text: string, end: number): boolean {
    const last = lastOf(text, end);
    return text.charCodeAt(last) === CLOSE_BRACE && text.charCodeAt(last - 1) === this.#lastButOne;
  }

  finish(): Buffer | string | undefined {
    // A last event without its blank line is still meant: some servers end with a bare `data: [DONE]`.
    const left = this.#whole.rest();
    const rest = left && this.#examine(left);
    if (this.#done) return rest;
    if (this.complete) {
      return rest ? Buffer.concat([rest, BLANK, Buffer.from(SSE_DONE)]) : SSE_DONE;
    }
    throw new GatewayError("upstream_unavailable", "The provider's stream ended before the answer was complete.");
  }

  fail(error: GatewayError): string {
    return sseData(openaiError(error));
  }

  #examine(bytes: Buffer): Buffer | undefined {
    let kept: Buffer[] | undefined;
    let start = 0;
    for (const end of eventEnds(bytes)) {
      const block = bytes.subarray(start, end);
      const keep = this.#readEvent(block);
      if (!keep) kept ??= start === 0 ? [] : [bytes.subarray(0, start)];
      else kept?.push(block);
      start = end;
    }
    if (!kept) return bytes;
    return kept.length === 0 ? undefined : Buffer.concat(kept);
  }

  /** Reads one event; false when the caller shall not see it. */
  #readEvent(block: Buffer): boolean {
    if (DONE_LINE.test(block.toString("latin1"))) {
      this.#done = true;
      this.alive = true;
      this.started = true;
      return true;
    }
    const [event] = new SseParser().push(block.subarray(-2).equals(BLANK) ? block : Buffer.concat([block, BLANK]));
    if (!event) return true;
    const data = parseEvent(event.data);
    // No client could read it either: the answer goes on without it.
    if (data === undefined) {
      countMalformedEvent();
      return false;
    }
    if (isRecord(data.error)) throw upstreamError(this.#type.classify(statusInError(data.error) ?? 500, data));
    this.alive = true;
    this.#lastButOne = event.data.charCodeAt(lastOf(event.data, event.data.length) - 1);
    const choices = Array.isArray(data.choices) ? data.choices : [];
    for (const choice of choices) this.#readChoice(choice);
    const usage = usageFromChunk(data);
    if (usage) this.#call.usage = usage;
    return !(this.#hideUsage && usage && choices.length === 0);
  }

  #readChoice(choice: unknown): void {
    if (!isRecord(choice)) return;
    const index = typeof choice.index === "number" ? choice.index : 0;
    if (typeof choice.finish_reason === "string") {
      this.#call.finishReason = choice.finish_reason;
      this.#choices.set(index, true);
      this.#unfinished = [...this.#choices.values()].includes(false);
      this.started = true;
    } else if (!this.#choices.has(index)) {
      this.#choices.set(index, false);
      this.#unfinished = true;
    }
    if (!isRecord(choice.delta)) return;
    if (!carriesToken(choice.delta)) return;
    this.started = true;
    markFirstToken(this.#call);
  }
}

const BLANK = Buffer.from("\n\n");

/** Undefined for an event that is malformed. */
function parseEvent(data: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(data);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    // A stream that is garbled to its end fails for want of a terminal event.
    return undefined;
  }
}

/** Where the last character is that is no line end. */
function lastOf(text: string, end: number): number {
  let last = end - 1;
  while (text.charCodeAt(last) === 10 || text.charCodeAt(last) === 13) last--;
  return last;
}

/** Whether text of whole events may hold a usage, a finish reason, an error or the end. */
function isNotable(text: string): boolean {
  return (
    hasValue(text, '"finish_reason"') ||
    hasValue(text, '"usage"') ||
    text.includes('"error"') ||
    text.includes("[DONE]")
  );
}

/** Whether a name is followed by something other than `null`. In a JSON string the quotes would be escaped. */
function hasValue(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + name.length)) {
    let value = at + name.length;
    while (text.charCodeAt(value) === 32 || text.charCodeAt(value) === 58) value++;
    if (text.charCodeAt(value) !== 110) return true;
  }
  return false;
}
