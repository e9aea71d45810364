import { GatewayError } from "@/server/errors";
import { type Call, markFirstToken } from "@/server/gateway/call";
import type { Translator } from "@/server/gateway/stream";
import { upstreamError } from "@/server/gateway/upstream-error";
import type { StreamPiece } from "@/server/providers/provider";
import type { ChatChunk } from "@/server/wire/chat";
import { type ServerSentEvent, SSE_DONE, SseParser, sseData } from "@/server/wire/sse";
import { chatUsage, type Usage } from "@/server/wire/usage";

/** Translates another dialect's stream into OpenAI chat events, one upstream event at a time. */
export class TranslatedStream implements Translator {
  started = false;
  producedTokens = 0;
  #call: Call;
  #decode: (event: ServerSentEvent) => readonly StreamPiece[];
  #showUsage: boolean;
  #parser = new SseParser();
  earlyUsage: Usage | undefined;
  #last: ChatChunk | undefined;
  #ended = false;

  constructor(call: Call, decode: (event: ServerSentEvent) => readonly StreamPiece[], showUsage: boolean) {
    this.#call = call;
    this.#decode = decode;
    this.#showUsage = showUsage;
  }

  push(chunk: Buffer): string | undefined {
    let out = "";
    for (const event of this.#parser.push(chunk)) {
      for (const piece of this.#decode(event)) out += this.#take(piece);
    }
    return out === "" ? undefined : out;
  }

  finish(): string {
    if (!this.#ended) {
      throw new GatewayError("upstream_unavailable", "The provider's stream ended before the answer was complete.");
    }
    this.#call.usage = this.earlyUsage;
    if (!this.#showUsage || !this.earlyUsage || !this.#last) return SSE_DONE;
    return sseData({ ...this.#last, choices: [], usage: chatUsage(this.earlyUsage) }) + SSE_DONE;
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
        return "";
      default:
        return piece satisfies never;
    }
  }

  #takeChunk(chunk: ChatChunk): string {
    this.started = true;
    this.#last = chunk;
    for (const { delta, finish_reason } of chunk.choices) {
      if (finish_reason) this.#call.finishReason = finish_reason;
      if (
        delta.content ||
        delta.refusal ||
        delta.reasoning_content ||
        delta.tool_calls?.length ||
        delta.thinking_blocks?.length
      ) {
        this.producedTokens++;
        markFirstToken(this.#call);
      }
    }
    return sseData(this.#showUsage ? { ...chunk, usage: null } : chunk);
  }
}
