import type { ProviderType, UpstreamRequest } from "@/server/providers/provider";
import type { Secret } from "@/server/secret";

/** The request with the operator's credential on it. This and the sealer are the only places that reveal one. */
export function authorize(
  request: UpstreamRequest,
  auth: ProviderType["auth"],
  credential: Secret | undefined,
): UpstreamRequest {
  if (auth.scheme === "none" || !credential) return request;
  return { ...request, headers: { ...request.headers, [auth.name]: auth.prefix + credential.reveal() } };
}

/** The text with the credential blacked out, for what an upstream says that echoes it. */
export function withoutCredential(text: string, credential: Secret | undefined): string {
  return credential ? text.replaceAll(credential.reveal(), String(credential)) : text;
}
