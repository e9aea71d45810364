import type { IncomingHttpHeaders } from "node:http";
import type { Agent, Dispatcher } from "undici";
import errors from "undici/lib/core/errors.js";
import UpstreamAgent from "undici/lib/dispatcher/agent.js";
import type { Cancel } from "@/server/cancel";
import { env } from "@/server/env";
import { GatewayError, isGatewayError } from "@/server/errors";
import { checkUrl, guardedLookup } from "@/server/outbound/addresses";
import { heard, unwatch, type Waiting, watch } from "@/server/outbound/clocks";
import type { UpstreamRequest } from "@/server/providers/provider";
import { singleton } from "@/server/singleton";

/** The limits of one exchange, in milliseconds. */
type Clocks = {
  /** From when a connection takes the request, its upload included, to the answer's headers. */
  readonly firstByteMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
};

export type SendOptions = Clocks & {
  readonly cancel?: Cancel | undefined;
  readonly allowPrivateNetwork: boolean;
};

/** An upstream's answer whose body has not been read. Read it with `pump` or `bytes`, once, or call `abort`. */
export type UpstreamResponse = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Hands over the body piece by piece; resolves after the last one, rejects with a GatewayError when it is cut short. */
  pump(onData: (chunk: Buffer) => void): Promise<void>;
  /** Stops reading from the upstream until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the exchange; a pump under way rejects with `cancelled`. */
  abort(): void;
};

/** Bytes that may wait here for a reader before the upstream is asked to pause. */
const HELD_BYTES = 256 * 1024;

const agents = singleton("outbound-agents", () => new Map<boolean, Agent>());

function agentFor(allowPrivateNetwork: boolean): Agent {
  let agent = agents.get(allowPrivateNetwork);
  if (!agent) {
    agent = new UpstreamAgent({
      connections: env.upstreamConnections,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      connect: { timeout: 10_000, lookup: guardedLookup(allowPrivateNetwork) },
    });
    agents.set(allowPrivateNetwork, agent);
  }
  return agent;
}

/**
 * Sends one request; resolves with the answer's head. Rejects with a GatewayError: `upstream_timeout`,
 * `upstream_unavailable`, `upstream_denied` (address not allowed) or `cancelled`. Redirects are not followed.
 */
export function send(request: UpstreamRequest, options: SendOptions): Promise<UpstreamResponse> {
  const { origin, path } = destination(request.url, options.allowPrivateNetwork);
  const exchange = new Exchange(options);
  agentFor(options.allowPrivateNetwork).dispatch(
    {
      origin,
      path,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      // Its own clocks would be set anew for each exchange, twice.
      headersTimeout: 0,
      bodyTimeout: 0,
    },
    exchange,
  );
  return exchange.head;
}

type Destination = { readonly origin: string; readonly path: string };

const MAX_DESTINATIONS = 1_000;
/** Longer ones are a caller's, and seldom come twice. */
const MAX_REMEMBERED_LENGTH = 1_024;
/** By address: first those that may be in a private network, then the others. */
const destinations = singleton(
  "outbound-destinations",
  () => [new Map<string, Destination>(), new Map<string, Destination>()] as const,
);

/** A checked URL in its parts. Providers have few addresses, so each is taken apart and checked once. */
function destination(address: string, allowPrivateNetwork: boolean): Destination {
  const checked = destinations[allowPrivateNetwork ? 0 : 1];
  const known = checked.get(address);
  if (known) return known;
  if (!URL.canParse(address)) throw new GatewayError("upstream_denied", "The provider's base URL is not a URL.");
  const url = new URL(address);
  checkUrl(url, allowPrivateNetwork);
  const made = { origin: url.origin, path: url.pathname + url.search };
  if (checked.size >= MAX_DESTINATIONS) checked.clear();
  if (address.length <= MAX_REMEMBERED_LENGTH) checked.set(address, made);
  return made;
}

/** The whole body; aborts and throws `upstream_garbled` when it is larger than `limit` bytes. */
export async function readAll(response: UpstreamResponse, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  let tooLarge = false;
  try {
    await response.pump((chunk) => {
      size += chunk.length;
      if (size > limit) {
        tooLarge = true;
        response.abort();
      } else chunks.push(chunk);
    });
  } catch (error) {
    if (tooLarge) throw new GatewayError("upstream_garbled", `The provider's answer is larger than ${limit} bytes.`);
    throw error;
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** One request and its answer. It is a handler of undici's dispatch, so that a piece of the body costs one call. */
class Exchange implements Dispatcher.DispatchHandler, UpstreamResponse, Waiting {
  status = 0;
  headers: IncomingHttpHeaders = {};
  readonly head: Promise<UpstreamResponse>;
  quietMs = 0;
  limitMs: number;
  place = -1;
  paused = false;
  #controller: Dispatcher.DispatchController | undefined;
  readonly #idleMs: number;
  readonly #cancel: Cancel | undefined;
  #settleHead: { resolve(response: UpstreamResponse): void; reject(error: unknown): void } | undefined;
  #onData: ((chunk: Buffer) => void) | undefined;
  #settleBody: { resolve(): void; reject(error: unknown): void } | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #outcome: { error: GatewayError | undefined } | undefined;
  #aborted = false;

  constructor({ cancel, firstByteMs, idleMs }: SendOptions) {
    this.head = new Promise((resolve, reject) => {
      this.#settleHead = { resolve, reject };
    });
    this.limitMs = firstByteMs;
    this.#idleMs = idleMs;
    this.#cancel = cancel;
    cancel?.onAbort(this.abort);
  }

  readonly abort = (): void => {
    this.#aborted = true;
    const cancelled = new GatewayError("cancelled", "The call was cancelled.");
    if (this.#controller) this.#controller.abort(cancelled);
    // Still waiting for a connection: the wait ends here, and the request is dropped when its turn comes.
    else this.#finish(cancelled);
  };

  pause(): void {
    this.paused = true;
    this.#controller?.pause();
  }

  resume(): void {
    this.paused = false;
    heard(this);
    this.#controller?.resume();
  }

  late(): void {
    const words = this.status === 0 ? "The provider did not answer in time." : "The provider's answer stalled.";
    this.#controller?.abort(new GatewayError("upstream_timeout", words));
  }

  pump(onData: (chunk: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settleBody = { resolve, reject };
      const held = this.#held;
      this.#held = [];
      for (const chunk of held) onData(chunk);
      this.#onData = onData;
      if (this.#outcome) this.#finish(this.#outcome.error);
      else if (this.#heldBytes > HELD_BYTES) this.resume();
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) this.abort();
    // It comes again where a connection was lost before anything was sent on it.
    else if (this.place < 0) watch(this);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // 1xx answers come before the real one, and give it no more time.
    if (status < 200) return;
    this.limitMs = this.#idleMs;
    heard(this);
    this.status = status;
    this.headers = headers;
    this.#settleHead?.resolve(this);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    heard(this);
    if (this.#onData) {
      this.#onData(chunk);
      return;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > HELD_BYTES) this.pause();
  }

  onResponseEnd(): void {
    this.#finish(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#finish(
      this.#aborted
        ? new GatewayError("cancelled", "The call was cancelled.")
        : outboundError(error, this.status !== 0),
    );
  }

  #finish(error: GatewayError | undefined): void {
    this.#outcome ??= { error };
    unwatch(this);
    this.#cancel?.offAbort(this.abort);
    if (error) this.#settleHead?.reject(error);
    if (!this.#settleBody) return;
    if (error) this.#settleBody.reject(error);
    else this.#settleBody.resolve();
  }
}

function outboundError(cause: Error, started: boolean): GatewayError {
  if (isGatewayError(cause)) return cause;
  // A socket that was never opened because its address may not be called.
  if (isGatewayError(cause.cause)) return cause.cause;
  if (cause instanceof errors.ConnectTimeoutError)
    return new GatewayError("upstream_timeout", "The provider did not answer in time.", { cause });
  if (started) return new GatewayError("upstream_unavailable", "The provider's answer was cut short.", { cause });
  return new GatewayError("upstream_unavailable", "The provider could not be reached.", { cause });
}
