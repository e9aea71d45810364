import type { z } from "zod";
import { GatewayError } from "@/server/errors";

/** A value of the caller's request, checked; throws `invalid_request` that names the field below `path`. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const at = [...(path === "" ? [] : [path]), ...(issue?.path ?? [])].join(".");
  throw refused(at, issue?.message ?? "Invalid input.");
}

/** The error for a field of the caller's request that is malformed. */
export function refused(param: string, message: string): GatewayError {
  return new GatewayError("invalid_request", `${param}: ${message}`, { param });
}
