import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import { type Call, type CallTarget, decodeContext } from "@/server/gateway/call";
import { upstreamError } from "@/server/gateway/upstream-error";
import { authorize } from "@/server/outbound/authorize";
import { readAll, send, type UpstreamResponse } from "@/server/outbound/client";
import { playLocally } from "@/server/outbound/local";
import type { Encoded, ProviderType, Target } from "@/server/providers/provider";
import { providerType } from "@/server/providers/registry";

/** An upstream that has accepted the call and begun to answer. */
export type Answer<Prepared extends Encoded = Encoded> = {
  readonly type: ProviderType;
  readonly prepared: Prepared;
  readonly response: UpstreamResponse;
};

/** Makes the request of a call for one target. Throws `invalid_request` for what the target cannot take. */
export type Prepare<Prepared extends Encoded> = (
  type: ProviderType,
  target: Target,
  call: Call,
) => Prepared | Promise<Prepared>;

const MAX_ERROR_BYTES = 1024 * 1024;
/** How long the body of an error is waited for: its status says most of it. */
const ERROR_BODY_MS = 2_000;

/** Sends a call to one target. Throws a GatewayError that says what kind of failure it was. */
export async function dispatch<Prepared extends Encoded>(
  call: Call,
  target: CallTarget,
  prepare: Prepare<Prepared>,
): Promise<Answer<Prepared>> {
  const type = providerType(target.provider.type);
  if (!type) throw new GatewayError("upstream_denied", `The provider '${target.provider.name}' is of an unknown type.`);
  call.target = target;
  call.attempts++;
  call.attemptTick = performance.now();
  const making = prepare(type, addressOf(type, target), call);
  const prepared = making instanceof Promise ? await making : making;
  noteDropped(call, prepared.dropped);
  if (type.auth.scheme !== "none" && !target.key && !type.keyOptional) {
    throw new GatewayError("upstream_denied", `The provider '${target.provider.name}' has no usable key.`);
  }
  const response = await open(call, { type, target, prepared });
  if (response.status >= 200 && response.status < 300) return { type, prepared, response };
  throw await rejection(call, type, response);
}

/** What is lost on the way is said; a strict caller would rather have a refusal. */
function noteDropped(call: Call, dropped: readonly string[]): void {
  call.dropped = dropped;
  const [first] = dropped;
  if (first === undefined || !(call.strict || call.caller?.strict)) return;
  throw new GatewayError(
    "invalid_request",
    `The provider of this model has no way to express: ${dropped.join(", ")}. Leave it out, or do not ask for strictness.`,
    { param: first },
  );
}

type Opening = { readonly type: ProviderType; readonly target: CallTarget; readonly prepared: Encoded };

function open(call: Call, { type, target, prepared }: Opening): Promise<UpstreamResponse> {
  if (type.local) return Promise.resolve(playLocally(type.local(prepared.request, decodeContext(call)), call.cancel));
  const options = {
    // A whole answer is one long wait: only the total limit holds for it.
    firstByteMs: call.stream ? call.firstByteMs : env.totalMs,
    idleMs: env.idleMs,
    cancel: call.cancel,
    allowPrivateNetwork: target.provider.allowPrivateNetwork,
  };
  const request = authorize(prepared.request, type.auth, target.key?.credential, target.provider);
  return request instanceof Promise ? request.then((made) => send(made, options)) : send(request, options);
}

function addressOf(type: ProviderType, { provider, upstreamModel }: CallTarget): Target {
  const baseUrl = provider.baseUrl ?? type.baseUrl;
  if (!baseUrl) throw new GatewayError("upstream_denied", `The provider '${provider.name}' has no base URL.`);
  return {
    baseUrl: baseUrl.endsWith("/") ? baseUrl.replace(/\/+$/, "") : baseUrl,
    model: upstreamModel,
    headers: provider.headers,
    options: provider.options,
  };
}

async function rejection(call: Call, type: ProviderType, response: UpstreamResponse): Promise<GatewayError> {
  if (response.status >= 300 && response.status < 400) {
    response.abort();
    return new GatewayError(
      "upstream_unavailable",
      "The provider answered with a redirect, which is not followed. Check its base URL.",
    );
  }
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    response.abort();
  }, ERROR_BODY_MS);
  const bytes = await readAll(response, MAX_ERROR_BYTES)
    .catch((error: unknown) => {
      if (call.cancel.aborted) throw error;
      // A request that the vendor rejects is its caller's to mend, who must know how: it is asked again, unless it is silent.
      if (!isLate && type.classify(response.status, "").kind === "upstream_rejected") throw error;
      return Buffer.alloc(0);
    })
    .finally(() => clearTimeout(timer));
  return upstreamError(type.classify(response.status, parseJson(bytes)), response.status, response.headers);
}

/** A body as JSON, or as its text where it is none: error pages of proxies are HTML. */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is an answer too: the reader decides what to make of text.
    return text;
  }
}
