import type { ZodType } from "zod";
import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import type { Inbound } from "@/server/gateway/endpoint";
import { fits } from "@/server/gateway/fits";

/** A request body: as its bytes, for an upstream that speaks the same dialect, and as what the gateway reads of it. */
export type ReadBody<T> = { readonly bytes: Buffer; readonly value: T };

/** Reads and checks a JSON body. Throws `payload_too_large`, or as `parseBody` does. */
export async function readBody<T>(
  inbound: Inbound,
  schema: ZodType<T>,
  complete?: (parsed: unknown) => unknown,
): Promise<ReadBody<T>> {
  return parseBody(await inbound.body(env.maxBodyBytes), schema, complete);
}

/**
 * Checks a JSON body, after `complete` has put in what may be said in another way. Throws `invalid_request` with the path of the
 * first fault.
 */
export function parseBody<T>(bytes: Buffer, schema: ZodType<T>, complete?: (parsed: unknown) => unknown): ReadBody<T> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString("utf8"));
    if (complete) parsed = complete(parsed);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? ` (${cause.message.slice(0, 120)})` : "";
    throw new GatewayError("invalid_request", `The request body is not valid JSON${reason}.`, { cause });
  }
  if (fits(parsed, schema)) return { bytes, value: parsed };
  const checked = schema.safeParse(parsed);
  if (checked.success) return { bytes, value: checked.data };
  const [issue] = checked.error.issues;
  const param = issue?.path.map(String).join(".") || undefined;
  throw new GatewayError(
    "invalid_request",
    `${param ? `Invalid '${param}': ` : ""}${issue?.message ?? "Invalid request."}`,
    { param },
  );
}
