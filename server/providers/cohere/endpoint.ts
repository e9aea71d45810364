import type { Target } from "@/server/providers/provider";

/** An endpoint's URL; the base address may be given with or without a version. */
export function endpoint(target: Target, path: string): string {
  return target.baseUrl.replace(/\/(v1|v2|compatibility\/v1)$/, "") + path;
}

/** Bodies are JSON, both ways. */
export function jsonHeaders(target: Target): Record<string, string> {
  return { "content-type": "application/json", accept: "application/json", ...target.headers };
}
