import { boundOf } from "@/server/gateway/bound";
import type { CallTarget } from "@/server/gateway/call";
import { log } from "@/server/log";
import type { Caller } from "@/server/state/callers";
import { storeResponse } from "@/server/state/stored-responses";
import { isRecord, listOf, textOf } from "@/server/wire/json";

type Body = Readonly<Record<string, unknown>>;
type Item = Record<string, unknown>;

/** An answered request for a response. */
export type Answered = {
  readonly caller: Caller;
  readonly target: CallTarget;
  /** As the caller wrote it. */
  readonly request: Body;
  /** The whole response, as the caller has it. */
  readonly response: Body;
  /** True when it came from the vendor's own endpoint for responses. */
  readonly native: boolean;
};

/**
 * Keeps a response so that its caller can read and continue it, unless the request says `store: false`. It resolves when that is
 * done. It never rejects: an answer that was paid for goes out also when it cannot be kept, and the log says so.
 */
export async function keepResponse({ caller, target, request, response, native }: Answered): Promise<void> {
  const id = textOf(response.id);
  if (request.store === false || id === undefined || id.length > 200) return;
  const { output, ...body } = response;
  const content = { input: inputItems(request.input, id), output: listOf(output).filter(isRecord) };
  try {
    await storeResponse({
      id: id.replaceAll("\0", ""),
      keyId: caller.keyId,
      groupId: caller.groupId,
      providerId: target.provider.id,
      deploymentId: target.deployment?.id ?? null,
      native,
      model: String(request.model),
      previousId: textOf(request.previous_response_id) ?? null,
      boundTokens: boundOf({ bytes: Buffer.from(JSON.stringify(content)), body: {} }).inputTokens,
      ...content,
      body,
    });
  } catch (error) {
    log.error({ err: error, response: id }, "A response could not be kept: it cannot be read or continued later.");
  }
}

/** Kinds of items and how their ids begin. */
const PREFIXES: Readonly<Record<string, string>> = {
  message: "msg",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "cto",
  reasoning: "rs",
};

/** What was asked, each item with an id by which it can be listed and referred to. */
function inputItems(input: unknown, responseId: string): Item[] {
  const items = typeof input === "string" ? [{ role: "user", content: input }] : listOf(input).filter(isRecord);
  const seed = responseId.replace(/^resp_/, "");
  return items.map((item, index) => {
    const type = textOf(item.type) ?? (typeof item.role === "string" ? "message" : "item_reference");
    const id = textOf(item.id) ?? `${PREFIXES[type] ?? "item"}_${seed}in${index}`;
    return { ...item, type, id };
  });
}
