import { env } from "@/server/env";
import { GatewayError, isGatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import type { Sink, StreamBody } from "@/server/gateway/endpoint";
import { estimateUsage } from "@/server/gateway/estimate";
import { holdMore } from "@/server/gateway/hold-more";
import type { Progress } from "@/server/gateway/progress";
import { failureOf, noteFailure } from "@/server/gateway/refuse";
import { settle } from "@/server/gateway/settle";
import type { UpstreamResponse } from "@/server/outbound/client";
import type { Usage } from "@/server/wire/usage";

/** Turns an upstream's bytes into the caller's. Both functions throw a GatewayError when the stream is broken. */
export type Translator = {
  /** True once a real event came (not a comment, not an error): from then on the answer is committed. */
  readonly started: boolean;
  /** Tokens seen so far, for when the upstream never says how many there were. */
  readonly producedTokens: number;
  /** What the upstream has said of its usage before the end. */
  readonly earlyUsage?: Usage | undefined;
  push(chunk: Buffer): Uint8Array | string | undefined;
  /** Called after `finish`, where answers are kept for later calls; what `finish` gave is sent when it is done. */
  keep?(): Promise<void>;
  /** Called after the upstream's last byte; gives what is still to be sent. */
  finish(): Uint8Array | string | undefined;
  /** What the caller has, where another target could go on from there. */
  progress?(): Progress | undefined;
  /** What ends a stream that broke off, in the caller's dialect. */
  fail(error: GatewayError): string;
};

/** Finds another target that goes on where a stream broke off; gives the rest of the stream, or undefined when there is none. */
export type Rescue = (translator: Translator, error: GatewayError) => Promise<StreamBody | undefined>;

/**
 * Reads an upstream's stream until its first real event, so that nothing is committed before: up to there a failure
 * rejects and another target may serve. The body it gives then writes the rest, ends in an error event if the upstream
 * breaks off, and settles the call.
 */
export async function openStream(
  call: Call,
  response: UpstreamResponse,
  { translator, rescue }: { readonly translator: Translator; readonly rescue: Rescue },
): Promise<StreamBody> {
  let sink: Sink | undefined;
  let broken: unknown;
  const held: (Uint8Array | string)[] = [];
  const first = Promise.withResolvers<void>();

  const emit = (bytes: Uint8Array | string | undefined) => {
    if (bytes === undefined || bytes.length === 0) return;
    if (!sink) held.push(bytes);
    else if (!sink.write(bytes)) response.pause();
  };
  const breakOff = (error: unknown): void => {
    broken ??= error;
    response.abort();
  };
  const ended = response
    .pump((chunk) => {
      if (broken !== undefined) return;
      try {
        emit(translator.push(chunk));
        if (translator.started) first.resolve();
        if (call.heldTokens !== undefined) holdMore(call, translator.producedTokens, breakOff);
      } catch (error) {
        broken = error;
        response.abort();
      }
    })
    .then(
      async () => {
        if (broken !== undefined) return;
        const last = translator.finish();
        await translator.keep?.();
        emit(last);
      },
      (error: unknown) => {
        broken ??= error;
      },
    )
    // A translator that throws at the end, or one that does not know what it was given.
    .catch((error: unknown) => {
      broken = error;
    })
    .then(() => first.resolve());

  call.silence = {
    untilTick: call.attemptTick + env.firstByteMs,
    end: () => {
      broken = new GatewayError("upstream_timeout", "The provider did not begin its answer in time.");
      response.abort();
      first.resolve();
    },
  };
  await first.promise;
  call.silence = undefined;
  if (!translator.started && broken !== undefined) throw asStreamError(broken);

  return async (given) => {
    sink = given;
    given.onDrain(() => response.resume());
    for (const bytes of held.splice(0)) emit(bytes);
    await ended;
    if (broken !== undefined) {
      const rest = await rescue(translator, failureOf(call, asStreamError(broken)));
      if (rest) return rest(given);
    }
    await close(call, { translator, broken, sink: given });
  };
}

async function close(
  call: Call,
  { translator, broken, sink }: { translator: Translator; broken: unknown; sink: Sink },
): Promise<void> {
  if (!call.usage) call.estimate = estimateUsage(call, translator.producedTokens, translator.earlyUsage);
  if (broken === undefined) {
    // An error event of the vendor's own ended it: the answer began with 200, the ledger tells how it ended.
    await settle(call, call.failure ? 502 : 200);
    return;
  }
  const error = failureOf(call, asStreamError(broken));
  noteFailure(call, error);
  // The answer began with 200; the ledger tells how it ended.
  await settle(call, error.status);
  sink.write(translator.fail(error));
}

function asStreamError(error: unknown): unknown {
  if (isGatewayError(error) || !(error instanceof RangeError)) return error;
  return new GatewayError("upstream_garbled", "The provider sent an event larger than 16 MiB.", { cause: error });
}
