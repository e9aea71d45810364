import { awsKeys, signed } from "@/server/outbound/sigv4";
import type { ProviderType, UpstreamRequest } from "@/server/providers/provider";
import type { Secret } from "@/server/secret";

/** The request with the operator's credential on it. This and the sealer are the only places that reveal one. */
export function authorize(
  request: UpstreamRequest,
  auth: ProviderType["auth"],
  credential: Secret | undefined,
): UpstreamRequest {
  if (auth.scheme === "none" || !credential) return request;
  if (auth.scheme === "sigv4") return authorizeAws(request, auth.service, credential.reveal());
  return { ...request, headers: { ...request.headers, [auth.name]: auth.prefix + credential.reveal() } };
}

function authorizeAws(request: UpstreamRequest, service: string, text: string): UpstreamRequest {
  const keys = awsKeys(text);
  if (keys) return signed(request, { keys, service, now: new Date() });
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${text}` } };
}

/** The text with the credential blacked out, for what an upstream says that echoes it. */
export function withoutCredential(text: string, credential: Secret | undefined): string {
  if (!credential) return text;
  const whole = credential.reveal();
  const keys = awsKeys(whole);
  return [whole, keys?.secretAccessKey, keys?.sessionToken]
    .filter((secret) => secret !== undefined)
    .reduce((clean, secret) => clean.replaceAll(secret, String(credential)), text);
}
