import { importPKCS8, SignJWT } from "jose";
import { z } from "zod";
import { GatewayError } from "@/server/errors";
import { readAll, send } from "@/server/outbound/client";
import { fetchMetadata } from "@/server/outbound/google-metadata";
import { sha256 } from "@/server/secret";
import { singleton } from "@/server/singleton";

/** What a call to Google Cloud carries: a bearer token, and the project that the credential belongs to. */
export type GoogleAccess = { readonly token: string; readonly project: string | undefined };

const ServiceAccount = z.looseObject({
  type: z.literal("service_account"),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  project_id: z.string().optional(),
  token_uri: z.url().default("https://oauth2.googleapis.com/token"),
});
type ServiceAccount = z.infer<typeof ServiceAccount>;

const Token = z.looseObject({ access_token: z.string().min(1), expires_in: z.number().positive() });

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const METADATA = "metadata";
/** A token is replaced so long before its end; until then the old one goes on to serve while the new one is fetched. */
const RENEW_MS = 300_000;
/** And no longer used so long before its end: a call under way must not lose it. */
const LAST_USE_MS = 30_000;
const LIMIT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

type Held = { access: GoogleAccess; expiresAtMs: number };
type Entry = { held: Held | undefined; fetching: Promise<Held> | undefined };

const entries = singleton("google-tokens", () => new Map<string, Entry>());
const MAX_ENTRIES = 1_000;

/** Whether a credential is an API key, and neither a service account's JSON nor the word `metadata`. */
export function isGoogleKey(text: string): boolean {
  return text !== METADATA && !text.startsWith("{");
}

/** The parts of a credential that are secret by themselves. */
export function googleSecrets(text: string): string[] {
  if (!text.startsWith("{")) return [];
  const account = parsed(text);
  const held = entries.get(sha256(text.trim()))?.held;
  return [...(account ? [account.private_key] : []), ...(held ? [held.access.token] : [])];
}

/**
 * Access for a service account or for the machine itself, from memory while it is good. A token goes to Google's own
 * addresses alone, unless the admin allows the provider private networks; likewise the account's `token_uri`. Throws, or
 * rejects with, `upstream_denied` for a credential that is of no use, and `upstream_unavailable` or `upstream_timeout`.
 * Source: Google Identity, "Using OAuth 2.0 for server to server applications"; RFC 7523.
 */
export function googleAccess(
  text: string,
  url: string,
  allowPrivateNetwork: boolean,
): GoogleAccess | Promise<GoogleAccess> {
  if (!allowPrivateNetwork && !isGoogleAddress(url)) {
    throw new GatewayError("upstream_denied", "A Google Cloud credential is sent to addresses of Google's alone.");
  }
  const now = Date.now();
  const entry = entryOf(sha256(text));
  const { held } = entry;
  if (held && held.expiresAtMs - RENEW_MS > now) return held.access;
  entry.fetching ??= fetched(entry, text, allowPrivateNetwork);
  if (held && held.expiresAtMs - LAST_USE_MS > now) {
    // The token in hand still serves; a failure to renew it shows when it no longer does.
    entry.fetching.catch(() => undefined);
    return held.access;
  }
  return entry.fetching.then(({ access }) => access);
}

function entryOf(id: string): Entry {
  const known = entries.get(id);
  if (known) return known;
  if (entries.size >= MAX_ENTRIES) entries.clear();
  const made: Entry = { held: undefined, fetching: undefined };
  entries.set(id, made);
  return made;
}

async function fetched(entry: Entry, text: string, allowPrivateNetwork: boolean): Promise<Held> {
  try {
    entry.held = await (text === METADATA ? ofMachine() : ofAccount(text, allowPrivateNetwork));
    return entry.held;
  } finally {
    entry.fetching = undefined;
  }
}

async function ofMachine(): Promise<Held> {
  const [token, project] = await Promise.all([
    fetchMetadata("/computeMetadata/v1/instance/service-accounts/default/token"),
    fetchMetadata("/computeMetadata/v1/project/project-id"),
  ]);
  return heldOf(token, project.trim() || undefined);
}

async function ofAccount(text: string, allowPrivateNetwork: boolean): Promise<Held> {
  const account = parsed(text);
  if (!account) throw new GatewayError("upstream_denied", "The provider's key is not a Google service account's JSON.");
  if (!allowPrivateNetwork && !isGoogleAddress(account.token_uri)) {
    throw new GatewayError("upstream_denied", "The service account's token_uri is not an address of Google's.");
  }
  const assertion = await signedAssertion(account);
  const body = new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion });
  const response = await send(
    {
      method: "POST",
      url: account.token_uri,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: body.toString(),
    },
    { firstByteMs: LIMIT_MS, idleMs: LIMIT_MS, allowPrivateNetwork },
  );
  const answer = (await readAll(response, MAX_ANSWER_BYTES)).toString("utf8");
  if (response.status >= 200 && response.status < 300) return heldOf(answer, account.project_id);
  const denied = response.status >= 400 && response.status < 500 && response.status !== 429;
  throw new GatewayError(
    denied ? "upstream_denied" : "upstream_unavailable",
    denied ? "Google refused the provider's service account." : "Google gave no token for the provider.",
  );
}

async function signedAssertion(account: ServiceAccount): Promise<string> {
  const kid = account.private_key_id;
  try {
    const key = await importPKCS8(account.private_key, "RS256");
    return await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", ...(kid && { kid }) })
      .setIssuer(account.client_email)
      .setAudience(account.token_uri)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(key);
  } catch (cause) {
    throw new GatewayError("upstream_denied", "The service account's private key cannot be used.", { cause });
  }
}

function heldOf(answer: string, project: string | undefined): Held {
  const token = Token.safeParse(json(answer));
  if (!token.success) throw new GatewayError("upstream_unavailable", "Google's answer holds no token.");
  const { access_token, expires_in } = token.data;
  return { access: { token: access_token, project }, expiresAtMs: Date.now() + expires_in * 1000 };
}

function parsed(text: string): ServiceAccount | undefined {
  const account = ServiceAccount.safeParse(json(text));
  return account.success ? account.data : undefined;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is no JSON fits no schema either.
    return undefined;
  }
}

function isGoogleAddress(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" && (hostname === "googleapis.com" || hostname.endsWith(".googleapis.com"));
}
