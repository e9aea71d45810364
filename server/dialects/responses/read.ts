import type { JsonObject, Seen } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import { usageFromResponses } from "@/server/wire/responses";
import type { ServerSentEvent } from "@/server/wire/sse";
import type { Usage } from "@/server/wire/usage";

/** What a whole response says to the ledger. Throws `upstream_garbled` for what is none. */
export function readWhole(body: unknown): Seen {
  if (!isRecord(body)) throw new GatewayError("upstream_garbled", "The provider's answer is not JSON.");
  if (!Array.isArray(body.output)) {
    // Some vendors send an error with status 200.
    if (isRecord(body.error)) return failed(body.error);
    throw new GatewayError("upstream_garbled", "The provider's answer is not a response.");
  }
  if (body.status === "failed") return { ...failed(body.error), usage: usageFromResponses(body.usage) };
  return over(body);
}

/** Reads the events of one stream. The events before the first item only repeat the request: they commit nothing. */
export function eventReader(): (event: ServerSentEvent) => Seen {
  return ({ data }) => {
    // Some vendors end every stream as chat's end.
    if (data === "[DONE]") return {};
    const event = parsed(data);
    if (!isRecord(event)) return {};
    if (typeof event.type !== "string") return isRecord(event.error) ? failed(event.error) : {};
    return readEvent(event.type, event);
  };
}

/** A malformed event is passed on and not read; a stream whose last one is malformed has no end. */
function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function readEvent(type: string, event: JsonObject): Seen {
  const response = isRecord(event.response) ? event.response : {};
  switch (type) {
    case "response.created":
    case "response.queued":
    case "response.in_progress":
      return { responseId: textOf(response.id) };
    case "response.completed":
    case "response.incomplete":
      return { ...over(response), started: true, end: true };
    case "response.failed":
      return { ...failed(response.error), usage: usageFromResponses(response.usage) };
    case "error":
      return failed(isRecord(event.error) ? event.error : event);
    case "keepalive":
      return {};
    default:
      return { started: true, token: type.endsWith(".delta") && textOf(event.delta) !== undefined };
  }
}

function over(response: JsonObject): Seen {
  return {
    usage: usageOf(response),
    finishReason: finishReason(response),
    responseId: textOf(response.id),
    answer: response,
  };
}

/** Searches are billed beside tokens; looking at a page that one found is not one. */
function usageOf({ usage: blob, output }: JsonObject): Usage | undefined {
  const usage = usageFromResponses(blob);
  const searches = listOf(output).filter(
    (item) =>
      isRecord(item) && item.type === "web_search_call" && (!isRecord(item.action) || item.action.type === "search"),
  );
  return usage && searches.length > 0 ? { ...usage, webSearches: searches.length } : usage;
}

/** In chat's words, which the ledger has for all. */
function finishReason({ status, incomplete_details, output }: JsonObject): string {
  if (status === "incomplete") {
    const reason = isRecord(incomplete_details) ? incomplete_details.reason : undefined;
    return reason === "content_filter" ? "content_filter" : "length";
  }
  const called = listOf(output).some(
    (item) => isRecord(item) && (item.type === "function_call" || item.type === "custom_tool_call"),
  );
  return called ? "tool_calls" : "stop";
}

/** Codes of failed responses, and error types, as the status that the vendor would have sent before the stream. */
const STATUS: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
  too_many_requests: 429,
  insufficient_quota: 429,
  invalid_prompt: 400,
  invalid_request_error: 400,
  context_length_exceeded: 400,
};

function failed(error: unknown): Seen {
  const said = isRecord(error) ? error : { message: "The provider's response failed." };
  const code = textOf(said.code) ?? "";
  const status = Number(said.status ?? said.code);
  const known = STATUS[code] ?? STATUS[textOf(said.type) ?? ""] ?? (/image/.test(code) ? 400 : 500);
  return { error: { error: said }, errorStatus: status >= 400 && status < 600 ? status : known };
}
