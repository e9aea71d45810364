import type { Target } from "@/server/providers/provider";
import { textOf } from "@/server/wire/json";

/** The services of Amazon Bedrock, by the name that their address begins with. */
type Service = "bedrock-runtime" | "bedrock";

/**
 * An endpoint's URL. The option `region` replaces that of an address at AWS, and the control plane's address is made from the
 * runtime's; addresses elsewhere, such as a proxy's, serve both as they are. Source: AWS, "Amazon Bedrock endpoints".
 */
export function endpoint(target: Target, path: string, service: Service = "bedrock-runtime"): string {
  const region = textOf(target.options.region);
  const base = target.baseUrl.replace(
    /^(https:\/\/)bedrock-runtime(-fips)?\.([a-z0-9-]+)\.amazonaws\.com/,
    (_all, scheme: string, fips = "", given: string) => `${scheme}${service}${fips}.${region ?? given}.amazonaws.com`,
  );
  return base + path;
}

/** What a model is asked to do. Its id may be an ARN with slashes. */
export function modelUrl(target: Target, action: string): string {
  return endpoint(target, `/model/${encodeURIComponent(target.model)}/${action}`);
}

/** Bodies are JSON, both ways. */
export function jsonHeaders(target: Target): Record<string, string> {
  return { "content-type": "application/json", accept: "application/json", ...target.headers };
}
