import type { Seen } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import { finishReason } from "@/server/wire/messages-stop";
import { usageCounter, usageFromMessages } from "@/server/wire/messages-usage";
import type { ServerSentEvent } from "@/server/wire/sse";

/** What a whole message says to the ledger. Throws `upstream_garbled` for what is no message. */
export function readWhole(body: unknown): Seen {
  if (!isRecord(body)) throw new GatewayError("upstream_garbled", "The provider's answer is not JSON.");
  if (!Array.isArray(body.content)) {
    // Some vendors send an error with status 200.
    if (isRecord(body.error)) return { error: body, errorStatus: statusOf(body.error) };
    throw new GatewayError("upstream_garbled", "The provider's answer is not a message.");
  }
  const calledTools = body.content.some((block) => isRecord(block) && block.type === "tool_use");
  return {
    usage: usageFromMessages(body.usage),
    finishReason: finishReason(textOf(body.stop_reason), calledTools),
  };
}

const TOKEN: Seen = { started: true, token: true };
const STARTED: Seen = { started: true };
const NOTHING: Seen = {};

/** Makes a reader for one stream of the Messages API. The many events that only hold a piece of a block are not parsed. */
export function readStream(): (event: ServerSentEvent) => Seen {
  const counted = usageCounter();
  return ({ event, data }) => {
    if (event === "content_block_delta") return TOKEN;
    if (event === "ping" || event === "content_block_stop") return NOTHING;
    const parsed: unknown = JSON.parse(data);
    if (!isRecord(parsed)) return NOTHING;
    switch (parsed.type) {
      case "message_start":
        return begun(isRecord(parsed.message) ? parsed.message : {}, counted);
      case "content_block_start":
        return STARTED;
      case "content_block_delta":
        return TOKEN;
      case "message_delta":
        return { started: true, usage: counted(parsed.usage), finishReason: reasonOf(parsed.delta) };
      case "message_stop":
        return { started: true, end: true };
      case "error":
        return failed(parsed);
      default:
        // Pings, and events that later versions of the API may add; an error without a type is one of a proxy's.
        return parsed.type === undefined && "error" in parsed ? failed(parsed) : NOTHING;
    }
  };
}

/** An answer may begin with what is there already, as after a pause; an empty beginning can still be tried elsewhere. */
function begun(message: Record<string, unknown>, counted: ReturnType<typeof usageCounter>): Seen {
  const started = listOf(message.content).length > 0;
  return { started, token: started, usage: counted(message.usage), finishReason: reasonOf(message) };
}

function reasonOf(delta: unknown): string | undefined {
  const reason = isRecord(delta) ? textOf(delta.stop_reason) : undefined;
  return reason === undefined ? undefined : finishReason(reason, false);
}

function failed(event: Record<string, unknown>): Seen {
  return { error: event, errorStatus: statusOf(isRecord(event.error) ? event.error : {}) };
}

/** Source: Anthropic API reference, "HTTP errors". */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

function statusOf(error: Record<string, unknown>): number | undefined {
  return STATUSES[textOf(error.type) ?? ""];
}
