import { GatewayError } from "@/server/errors";
import { type GoogleAccess, googleAccess, googleSecrets, isGoogleKey } from "@/server/outbound/google-token";
import { clientCredential, clientToken } from "@/server/outbound/oauth-client";
import { awsKeys, signed } from "@/server/outbound/sigv4";
import type { Auth, ProviderType, UpstreamRequest } from "@/server/providers/provider";
import type { Secret } from "@/server/secret";

/** What the admin allows of the provider whose credential it is. */
type Allowed = { readonly allowPrivateNetwork: boolean };

/** The request with the operator's credential on it. This and the sealer are the only places that reveal one. */
export function authorize(
  request: UpstreamRequest,
  auth: ProviderType["auth"],
  credential: Secret | undefined,
  allowed: Allowed = { allowPrivateNetwork: false },
): UpstreamRequest | Promise<UpstreamRequest> {
  if (auth.scheme === "none" || !credential) return request;
  if (auth.scheme === "sigv4") return authorizeAws(request, auth.service, credential.reveal());
  if (auth.scheme === "oauth-client") return authorizeClient(request, auth, { text: credential.reveal(), ...allowed });
  if (auth.scheme === "google") return authorizeGoogle(request, credential.reveal().trim(), allowed);
  return { ...request, headers: { ...request.headers, [auth.name]: auth.prefix + credential.reveal() } };
}

function authorizeAws(request: UpstreamRequest, service: string, text: string): UpstreamRequest {
  const keys = awsKeys(text);
  if (keys) return signed(request, { keys, service, now: new Date() });
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${text}` } };
}

function authorizeClient(
  request: UpstreamRequest,
  auth: Extract<Auth, { scheme: "oauth-client" }>,
  { text, allowPrivateNetwork }: Allowed & { readonly text: string },
): UpstreamRequest | Promise<UpstreamRequest> {
  const client = clientCredential(text);
  if (!client) return withHeader(request, auth.keyHeader, text);
  return clientToken(client, auth, allowPrivateNetwork).then((token) =>
    withHeader(request, "authorization", `Bearer ${token}`),
  );
}

function withHeader(request: UpstreamRequest, name: string, value: string): UpstreamRequest {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

/** With an API key alone a call belongs to the key's project, which the path then leaves out ("express mode"). */
function authorizeGoogle(
  request: UpstreamRequest,
  text: string,
  allowed: Allowed,
): UpstreamRequest | Promise<UpstreamRequest> {
  if (isGoogleKey(text)) {
    const url = request.url.replace(/\/projects\/\{project\}\/locations\/[^/]+/, "");
    return { ...request, url, headers: { ...request.headers, "x-goog-api-key": text } };
  }
  const access = googleAccess(text, request.url, allowed.allowPrivateNetwork);
  return access instanceof Promise ? access.then((got) => withAccess(request, got)) : withAccess(request, access);
}

function withAccess(request: UpstreamRequest, { token, project }: GoogleAccess): UpstreamRequest {
  if (project === undefined && request.url.includes("{project}")) {
    throw new GatewayError(
      "upstream_denied",
      "The provider's key names no project. Set the provider's option `project`.",
    );
  }
  const url = request.url.replace("{project}", project ?? "");
  return { ...request, url, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}

/** The text with the credential blacked out, for what an upstream says that echoes it. */
export function withoutCredential(text: string, credential: Secret | undefined): string {
  if (!credential) return text;
  const whole = credential.reveal();
  const keys = awsKeys(whole);
  return [whole, clientSecretOf(whole), keys?.secretAccessKey, keys?.sessionToken, ...googleSecrets(whole)]
    .filter((secret) => secret !== undefined)
    .reduce((clean, secret) => clean.replaceAll(secret, String(credential)), text);
}

function clientSecretOf(text: string): string | undefined {
  return /"clientSecret"\s*:\s*"([^"]+)"/.exec(text)?.[1];
}
