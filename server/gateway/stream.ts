import { GatewayError, isGatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import type { Sink, StreamBody } from "@/server/gateway/endpoint";
import { estimateUsage, type Produced } from "@/server/gateway/estimate";
import { holdMore } from "@/server/gateway/hold-more";
import { leave } from "@/server/gateway/make-attempt";
import type { Progress } from "@/server/gateway/progress";
import { failureOf, noteFailure } from "@/server/gateway/refuse";
import { settle } from "@/server/gateway/settle";
import type { UpstreamResponse } from "@/server/outbound/client";
import type { Usage } from "@/server/wire/usage";

/** Turns an upstream's bytes into the caller's. Both functions throw a GatewayError when the stream is broken. */
export type Translator = {
  /** True once a real event came (not a comment, not an error). */
  readonly alive: boolean;
  /** True once there is something of the answer itself, or its end: from then on it is committed. */
  readonly started: boolean;
  /** True once nothing of the answer is missing but, at most, its closing line. */
  readonly complete: boolean;
  /** What the last `push` failed with after it had written something, which is sent all the same. */
  readonly broken?: unknown;
  /** True where a continuation turned out to be another answer, which is no failure of the upstream's. */
  readonly diverged?: boolean;
  /** Tokens seen so far, for when the upstream never says how many there were. */
  readonly producedTokens: number;
  /** What the upstream has said of its usage before the end. */
  readonly earlyUsage?: Usage | undefined;
  push(chunk: Buffer): Uint8Array | string | undefined;
  /** Called after `finish`, where answers are kept for later calls; what `finish` gave is sent when it is done. */
  keep?(): Promise<void>;
  /** Called after the upstream's last byte; gives what is still to be sent. */
  finish(): Uint8Array | string | undefined;
  /** All that the model wrote so far, for when the upstream never says how many tokens that was. */
  written?(): string | undefined;
  /** What of the tokens of this attempt, and of those before it, the caller has; absent = those of this one. */
  told?(usage: Usage): Usage;
  /** What the caller has, where another target could go on from there. */
  progress?(): Progress | undefined;
  /** What ends a stream that broke off, in the caller's dialect. */
  fail(error: GatewayError): string;
};

/** What becomes of a stream that breaks, or is silent, after it began. */
export type Rescue = {
  /** Whether a stream that began but said nothing yet had better be given up for another target's. */
  betterElsewhere(): boolean;
  /** The rest of a stream that broke off; undefined when no target goes on with it. */
  rescue(translator: Translator, error: GatewayError): Promise<StreamBody | undefined>;
};

/** How long an answer that is complete may wait for its closing line or connection, and for a usage that was not told yet. */
const CLOSING_MS = 1_000;
const USAGE_MS = 5_000;

type Opening = { readonly translator: Translator; readonly rescuer: Rescue };

/**
 * Reads an upstream's stream until its first token, so that nothing is committed before: up to there a failure
 * rejects and another target may serve. The body it gives then writes the rest, ends in an error event if the upstream
 * breaks off, and settles the call.
 */
export async function openStream(
  call: Call,
  response: UpstreamResponse,
  { translator, rescuer }: Opening,
): Promise<StreamBody> {
  const stream = new OpenedStream(call, response, translator);
  await stream.untilCommitted(rescuer);
  return async (sink) => {
    const broken = await stream.writeTo(sink);
    if (broken !== undefined) {
      const rest = await rescuer.rescue(translator, failureOf(call, asStreamError(broken)));
      if (rest) return rest(sink);
    }
    // Before its place is given up: the target's own limits count it too.
    try {
      if (!call.usage) call.estimate = await estimateUsage(call, producedBy(translator));
    } finally {
      leave(call);
    }
    await close(call, { translator, broken, sink });
  };
}

/** An upstream's stream on its way to the caller. */
class OpenedStream {
  #call: Call;
  #response: UpstreamResponse;
  #translator: Translator;
  #sink: Sink | undefined;
  #broken: unknown;
  #held: (Uint8Array | string)[] = [];
  #first = Promise.withResolvers<void>();
  #ended: Promise<void>;

  constructor(call: Call, response: UpstreamResponse, translator: Translator) {
    this.#call = call;
    this.#response = response;
    this.#translator = translator;
    this.#ended = response
      .pump(this.#take)
      .then(
        () => (this.#broken === undefined ? this.#finish() : undefined),
        (error: unknown) => {
          // What was cut off after a complete answer is nothing that the caller would miss.
          if (this.#broken === undefined && translator.complete && !call.cancel.aborted) return this.#finish();
          this.#broken ??= error;
          return undefined;
        },
      )
      // A translator that throws at the end, or one that does not know what it was given.
      .catch((error: unknown) => {
        this.#broken = error;
      })
      .then(() => {
        call.silence = undefined;
        this.#first.resolve();
      });
  }

  /** Rejects when the stream breaks, or says nothing for too long, before its first token. */
  async untilCommitted(rescuer: Rescue): Promise<void> {
    const call = this.#call;
    const silence = {
      untilTick: call.attemptTick + call.firstByteMs,
      end: () => {
        // It has begun, and may yet go on where nobody else would.
        if (!this.#translator.alive || rescuer.betterElsewhere())
          this.#breakOff(new GatewayError("upstream_timeout", "The provider did not begin its answer in time."));
        this.#first.resolve();
      },
    };
    call.silence ??= silence;
    await this.#first.promise;
    if (call.silence === silence) call.silence = undefined;
    if (!this.#translator.started && this.#broken !== undefined) throw asStreamError(this.#broken);
  }

  /** Writes what came and what comes; resolves at the end, with the error where the stream broke off. */
  async writeTo(sink: Sink): Promise<unknown> {
    this.#sink = sink;
    sink.onDrain(() => this.#response.resume());
    for (const bytes of this.#held.splice(0)) this.#emit(bytes);
    await this.#ended;
    return this.#broken;
  }

  readonly #take = (chunk: Buffer): void => {
    if (this.#broken !== undefined) return;
    const call = this.#call;
    const translator = this.#translator;
    try {
      this.#emit(translator.push(chunk));
      if (translator.broken !== undefined) throw translator.broken;
      if (translator.started) this.#first.resolve();
      if (translator.complete) this.#awaitClosing();
      if (call.heldAnswer !== undefined) holdMore(call, translator.producedTokens, this.#breakOff);
    } catch (error) {
      this.#breakOff(error);
    }
  };

  /** Some upstreams leave out the closing line, and leave the connection open. */
  #awaitClosing(): void {
    const waitMs = (this.#call.usage ?? this.#translator.earlyUsage) ? CLOSING_MS : USAGE_MS;
    this.#call.silence = { untilTick: performance.now() + waitMs, end: () => this.#response.abort() };
  }

  async #finish(): Promise<void> {
    const last = this.#translator.finish();
    await this.#translator.keep?.();
    this.#emit(last);
  }

  readonly #breakOff = (error: unknown): void => {
    this.#broken ??= error;
    this.#response.abort();
  };

  #emit(bytes: Uint8Array | string | undefined): void {
    if (bytes === undefined || bytes.length === 0) return;
    if (!this.#sink) this.#held.push(bytes);
    else if (!this.#sink.write(bytes)) this.#response.pause();
  }
}

async function close(
  call: Call,
  { translator, broken, sink }: { translator: Translator; broken: unknown; sink: Sink },
): Promise<void> {
  if (broken === undefined) {
    await settle(call, 200);
    return;
  }
  const error = failureOf(call, asStreamError(broken));
  noteFailure(call, error);
  // The answer began with 200; the ledger tells how it ended.
  await settle(call, error.status);
  sink.write(translator.fail(error));
}

/** What a stream's model produced, as far as it can be told. */
export function producedBy(translator: Translator): Produced {
  return { tokens: translator.producedTokens, text: translator.written?.(), early: translator.earlyUsage };
}

function asStreamError(error: unknown): unknown {
  if (isGatewayError(error) || !(error instanceof RangeError)) return error;
  return new GatewayError("upstream_garbled", "The provider sent an event larger than 16 MiB.", { cause: error });
}
