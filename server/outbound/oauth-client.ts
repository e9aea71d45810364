import { GatewayError } from "@/server/errors";
import { readAll, send } from "@/server/outbound/client";
import type { Auth } from "@/server/providers/provider";
import { sha256 } from "@/server/secret";
import { singleton } from "@/server/singleton";

type OauthClient = Extract<Auth, { scheme: "oauth-client" }>;

/** An application that may act for an account; `authority` says which cloud's identity service knows it. */
export type ClientCredential = {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly authority?: string;
};

type Token = { readonly text: string; readonly untilMs: number };

/** A token is replaced so long before its end that it is still good when the call arrives. */
const MARGIN_MS = 5 * 60_000;
const LIMIT_MS = 10_000;
const LIMIT_BYTES = 256 * 1024;
const MAX_TOKENS = 1_000;

/** By the hash of credential and scope. A promise, so that calls at the same time wait for the same token. */
const tokens = singleton("oauth-client-tokens", () => new Map<string, Promise<Token>>());

/** The parts of a credential that is a JSON object; undefined for every other text, which is a key. */
export function clientCredential(text: string): ClientCredential | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  const value = parsed(text);
  const { tenantId, clientId, clientSecret, authority } = value;
  const isText = (part: unknown): part is string => typeof part === "string" && part !== "";
  if (!isText(tenantId) || !/^[\w.-]+$/.test(tenantId) || !isText(clientId) || !isText(clientSecret))
    throw new GatewayError(
      "upstream_denied",
      "The provider's credential must be a key, or JSON with tenantId, clientId and clientSecret.",
    );
  return { tenantId, clientId, clientSecret, ...(isText(authority) && { authority: authority.replace(/\/+$/, "") }) };
}

/**
 * A bearer token for this application by OAuth 2.0's client credentials, remembered until shortly before its end; calls at the
 * same time share one request. Rejects with `upstream_denied`, `upstream_unavailable`, `upstream_timeout` or
 * `upstream_garbled`; failures are not remembered. Source: RFC 6749, section 4.4; Microsoft identity platform, "Client
 * credentials flow".
 */
export async function clientToken(
  credential: ClientCredential,
  auth: OauthClient,
  allowPrivateNetwork = false,
): Promise<string> {
  const key = sha256(JSON.stringify([credential, auth.authorities]));
  const known = tokens.get(key);
  if (known) {
    const token = await known;
    if (token.untilMs > Date.now()) return token.text;
  }
  // Another call may have asked for a new one in the meantime.
  const current = tokens.get(key);
  if (current && current !== known) return (await current).text;
  const asked = ask(credential, auth, allowPrivateNetwork);
  if (tokens.size >= MAX_TOKENS) tokens.clear();
  tokens.set(key, asked);
  asked.catch(() => {
    if (tokens.get(key) === asked) tokens.delete(key);
  });
  return (await asked).text;
}

async function ask(credential: ClientCredential, auth: OauthClient, allowPrivateNetwork: boolean): Promise<Token> {
  const authority = credential.authority ?? Object.keys(auth.authorities)[0] ?? "";
  const scope = auth.authorities[authority];
  // The secret goes to identity services of the vendor's clouds alone.
  if (scope === undefined)
    throw new GatewayError(
      "upstream_denied",
      `The credential's authority must be one of ${Object.keys(auth.authorities).join(", ")}.`,
    );
  const response = await send(
    {
      method: "POST",
      url: `${authority}/${credential.tenantId}/oauth2/v2.0/token`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: credential.clientId,
        client_secret: credential.clientSecret,
        scope,
      }).toString(),
    },
    { allowPrivateNetwork, firstByteMs: LIMIT_MS, idleMs: LIMIT_MS },
  );
  const body = parsed((await readAll(response, LIMIT_BYTES)).toString("utf8"));
  if (response.status >= 500)
    throw new GatewayError("upstream_unavailable", "The provider's identity service is not available.");
  if (response.status !== 200)
    throw new GatewayError("upstream_denied", "The provider's identity service refused this gateway's credential.");
  const { access_token, expires_in } = body;
  if (typeof access_token !== "string" || access_token === "")
    throw new GatewayError("upstream_garbled", "The provider's identity service gave no token.");
  const seconds = Number(expires_in);
  return { text: access_token, untilMs: Date.now() + (Number.isFinite(seconds) ? seconds * 1000 - MARGIN_MS : 0) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    // Not JSON is as good as nothing: the callers say what is missing.
    return {};
  }
}
