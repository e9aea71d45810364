import type { GatewayError } from "@/server/errors";

/** The HTTP status that a vendor put into an error itself, where it did; some say it in words instead, beside it as `code`. */
export function statusInError({ status, code }: Readonly<Record<string, unknown>>): number | undefined {
  return [status, code].map(Number).find((one) => one >= 400 && one < 600);
}

/** OpenAI's error body. Source: OpenAI API reference, "Error codes". */
export function openaiError(error: GatewayError): {
  error: { message: string; type: string; param: string | null; code: string | null };
} {
  return { error: { message: error.message, type: error.type, param: error.param, code: error.code } };
}
