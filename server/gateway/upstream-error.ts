import type { IncomingHttpHeaders } from "node:http";
import { GatewayError } from "@/server/errors";
import type { Classified } from "@/server/providers/provider";

const FALLBACK = "The provider failed to answer.";
const MAX_MESSAGE = 2_000;

/** An upstream's error as one that the caller may see; `status` is the upstream's own where it answered with one. */
export function upstreamError(classified: Classified, status?: number, headers?: IncomingHttpHeaders): GatewayError {
  const { kind, message, type, code, param } = classified;
  const rejected = kind === "upstream_rejected";
  const meant = classified.status ?? status;
  return new GatewayError(kind, (message ?? FALLBACK).slice(0, MAX_MESSAGE), {
    // A request that the vendor rejects is the caller's to mend, in the vendor's words; everything else is in ours.
    ...(rejected && {
      type,
      code: code ?? null,
      param,
      status: meant && meant >= 400 && meant < 500 ? meant : undefined,
    }),
    retryAfterSeconds: classified.retryAfterSeconds ?? retryAfter(headers),
    upstreamStatus: status,
  });
}

/** `retry-after` in seconds; it may be a number or a date, and some vendors say it in milliseconds. Source: RFC 9110, 10.2.3. */
function retryAfter(headers: IncomingHttpHeaders | undefined): number | undefined {
  const milliseconds = Number(headers?.["retry-after-ms"]);
  if (Number.isFinite(milliseconds) && milliseconds > 0) return milliseconds / 1000;
  const text = headers?.["retry-after"];
  if (!text) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000);
}
