import type { Target } from "@/server/providers/provider";
import { listOf, textOf } from "@/server/wire/json";

/** An endpoint's URL; the base address may be given with or without its version. */
export function endpoint(target: Target, path: string): string {
  return `${target.baseUrl.replace(/\/v1$/, "")}/v1${path}`;
}

/**
 * Anthropic's version header and the headers that the admin set. Betas come from the admin alone: an `anthropic-beta` among
 * the headers, and the option `betas`, a list of names.
 */
export function requestHeaders(target: Target): Record<string, string> {
  const headers: Record<string, string> = { "anthropic-version": "2023-06-01" };
  for (const [name, value] of Object.entries(target.headers)) headers[name.toLowerCase()] = value;
  const betas = [headers["anthropic-beta"], ...listOf(target.options.betas)].flatMap((beta) => textOf(beta) ?? []);
  if (betas.length > 0) headers["anthropic-beta"] = betas.join(",");
  return headers;
}
