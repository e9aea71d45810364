import type { ProviderType, UpstreamRequest } from "@/server/providers/provider";
import type { Secret } from "@/server/secret";

/** The request with the operator's credential on it. This and the sealer are the only places that reveal one. */
export function authorize(request: UpstreamRequest, auth: ProviderType["auth"], credential: Secret | undefined): UpstreamRequest {
  if (auth.scheme === "none" || !credential) return request;
  return { ...request, headers: { ...request.headers, [auth.name]: auth.prefix + credential.reveal() } };
}
