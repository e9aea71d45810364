import { GatewayError } from "@/server/errors";
import { isRecord, listOf } from "@/server/wire/json";

type Item = Record<string, unknown>;

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/**
 * A page of a response's input items, newest first unless `order=asc`. Throws `invalid_request` for a limit, an order or an `after`
 * that is none. Source: OpenAI API reference, "List input items".
 */
export function listed(items: readonly Item[], query: URLSearchParams): Item {
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw refused("order", "Expected asc or desc.");
  const limit = Number(query.get("limit") ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw refused("limit", `Expected a number from 1 to ${MAX_LIMIT}.`);
  const all = (order === "asc" ? items : items.toReversed()).map(asResource);
  const after = query.get("after");
  const before = after === null ? -1 : all.findIndex(({ id }) => id === after);
  if (after !== null && before === -1) throw refused("after", `There is no item '${after}' in this response.`);
  const data = all.slice(before + 1, before + 1 + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? "",
    last_id: data.at(-1)?.id ?? "",
    has_more: before + 1 + limit < all.length,
  };
}

/** An item with the fields that a request may leave out and a list has. */
function asResource(item: Item): Item {
  switch (item.type) {
    case "message":
      return { status: "completed", ...item, content: contentOf(item) };
    case "function_call":
    case "function_call_output":
    case "custom_tool_call":
    case "custom_tool_call_output":
      return { status: "completed", ...item };
    case "reasoning":
      return { summary: [], ...item };
    default:
      return item;
  }
}

function contentOf({ role, content }: Item): unknown {
  const said = role === "assistant" ? "output_text" : "input_text";
  const parts = typeof content === "string" ? [{ type: said, text: content }] : listOf(content);
  return parts.map((part) => {
    if (!isRecord(part)) return part;
    if (part.type === "output_text") return { annotations: [], logprobs: [], ...part };
    return part.type === "input_image" ? { detail: "auto", ...part } : part;
  });
}

function refused(param: string, message: string): GatewayError {
  return new GatewayError("invalid_request", message, { param });
}
