import { randomUUID } from "node:crypto";
import { Cancel } from "@/server/cancel";
import { isGatewayError } from "@/server/errors";
import { authorize, withoutCredential } from "@/server/outbound/authorize";
import { readAll, send, type UpstreamResponse } from "@/server/outbound/client";
import { playLocally } from "@/server/outbound/local";
import { readError } from "@/server/providers/classify";
import type { ProviderType, Target, UpstreamModel } from "@/server/providers/provider";
import type { Secret } from "@/server/secret";

/** A vendor account with one of its credentials, stored or not. */
export type Account = {
  readonly type: ProviderType;
  readonly baseUrl: string | null;
  readonly allowPrivateNetwork: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly credential: Secret | undefined;
};

/** What the provider lists, or why it does not; `status` is its own. */
export type Probe =
  | { readonly ok: true; readonly latencyMs: number; readonly models: readonly UpstreamModel[] }
  | { readonly ok: false; readonly kind: string; readonly message: string; readonly status?: number };

const LIMIT_MS = 10_000;
const LIMIT_BYTES = 16 * 1024 * 1024;

/** Asks a provider for its models, which shows that it is there and takes the credential. Never throws a GatewayError. */
export async function probe(account: Account): Promise<Probe> {
  const { type, credential } = account;
  if (!type.listModels) return failed("invalid_request", `${type.label} offers no way to list its models.`);
  if (!credential && !type.keyOptional) return failed("upstream_denied", "This provider has no key that is enabled.");
  const cancel = new Cancel();
  const timer = setTimeout(() => cancel.abort(), LIMIT_MS);
  const startedMs = performance.now();
  try {
    const response = await ask(account, type.listModels.encode, cancel);
    const text = (await readAll(response, LIMIT_BYTES)).toString("utf8");
    const body = parsed(text);
    if (response.status < 200 || response.status > 299) return refused(account, response, body);
    if (body === undefined) return failed("upstream_garbled", `The answer is not JSON. ${CHECK_URL}`, response.status);
    const latencyMs = Math.round(performance.now() - startedMs);
    const more = await moreModels(account, type.listModels, cancel);
    return { ok: true, latencyMs, models: [...type.listModels.decode(body), ...more] };
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    if (cancel.aborted)
      return failed("upstream_timeout", `The provider did not answer within ${LIMIT_MS / 1000} seconds.`);
    return failed(error.kind, error.message);
  } finally {
    clearTimeout(timer);
  }
}

const CHECK_URL = "Is the base URL right? Most end in /v1.";

type ListModels = NonNullable<ProviderType["listModels"]>;

/** The models of a vendor's second list; an account that may not see it has the first all the same. */
async function moreModels(
  account: Account,
  { more, decode }: ListModels,
  cancel: Cancel,
): Promise<readonly UpstreamModel[]> {
  if (!more) return [];
  try {
    const response = await ask(account, more, cancel);
    const body = parsed((await readAll(response, LIMIT_BYTES)).toString("utf8"));
    return response.status === 200 ? decode(body) : [];
  } catch (error) {
    // The provider is there and takes the credential, which the first list has shown.
    if (isGatewayError(error)) return [];
    throw error;
  }
}

async function ask(account: Account, encode: ListModels["encode"], cancel: Cancel): Promise<UpstreamResponse> {
  const { type, allowPrivateNetwork, headers, options } = account;
  const target: Target = { baseUrl: account.baseUrl ?? type.baseUrl ?? "", model: "", headers, options };
  const request = encode(target);
  if (type.local) {
    return playLocally(type.local(request, { id: randomUUID(), created: Math.floor(Date.now() / 1000) }), cancel);
  }
  const signed = await authorize(request, type.auth, account.credential);
  return await send(signed, { cancel, allowPrivateNetwork, firstByteMs: LIMIT_MS, idleMs: LIMIT_MS });
}

/** The admin owns the account, so that the vendor's own words are shown here, where a caller gets none of them. */
function refused({ type, credential }: Account, response: UpstreamResponse, body: unknown): Probe {
  const { status } = response;
  const { kind } = type.classify(status, body);
  const words = withoutCredential(readError(body).message ?? "", credential);
  return failed(kind, [explanation(kind, response), words].filter(Boolean).join(" "), status);
}

function explanation(kind: string, { status, headers }: UpstreamResponse): string {
  if (status >= 300 && status < 400)
    return `The provider redirects to ${headers.location ?? "another address"}. Use that as base URL.`;
  if (kind === "upstream_denied") return `The provider refused the key (HTTP ${status}).`;
  if (kind === "upstream_rate_limited") return `The provider limits this account's requests (HTTP ${status}).`;
  if (status === 404 || status === 405)
    return `The provider knows no list of models there (HTTP ${status}). ${CHECK_URL}`;
  return `The provider answered with HTTP ${status}.`;
}

function failed(kind: string, message: string, status?: number): Probe {
  return { ok: false, kind, message, ...(status !== undefined && { status }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A body that is not JSON is one of the answers that are told apart above.
    return undefined;
  }
}
