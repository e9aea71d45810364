import { at, halves, list, text } from "@/tests/matrix/json";
import { type Asked, lines, type Play, USED } from "@/tests/matrix/said";
import { cutShort, type Family, sse } from "@/tests/matrix/vendors/family";
import { eventMessage } from "@/tests/wire/event-stream";

const usage = {
  input_tokens: USED.fresh,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: USED.cached,
  output_tokens: USED.seen + USED.reasoning,
};
const head = { id: "msg_m1", type: "message", role: "assistant", model: "served-model", stop_sequence: null };

function asked(body: unknown): Asked {
  const blocks = list(body, "messages").flatMap((turn) => list(turn, "content"));
  const results = blocks.filter((block) => at(block, "type") === "tool_result");
  return {
    prompt: [
      ...list(body, "messages").map((turn) => text(turn, "content")),
      ...blocks.map((block) => text(block, "text")),
    ].join("\n"),
    tools: list(body, "tools").flatMap((tool) => (at(tool, "input_schema") ? [text(tool, "name")] : [])),
    images: blocks.flatMap((block) => (at(block, "type") === "image" ? [text(block, "source", "data")] : [])),
    effort: at(body, "thinking") ?? at(body, "output_config", "effort"),
    schema: at(body, "output_config", "format", "schema"),
    results: results.map(
      (block) =>
        text(block, "content") ||
        list(block, "content")
          .map((part) => text(part, "text"))
          .join(""),
    ),
  };
}

function blocks(play: Play): { block: object; deltas: object[]; whole: object }[] {
  const { thought, text: said, calls } = lines(play);
  const thinking = {
    block: { type: "thinking", thinking: "", signature: "" },
    deltas: [
      ...halves(thought).map((half) => ({ type: "thinking_delta", thinking: half })),
      { type: "signature_delta", signature: "c2lnbmVk" },
    ],
    whole: { type: "thinking", thinking: thought, signature: "c2lnbmVk" },
  };
  return [
    ...(thought === "" ? [] : [thinking]),
    {
      block: { type: "text", text: "" },
      deltas: halves(said).map((half) => ({ type: "text_delta", text: half })),
      whole: { type: "text", text: said },
    },
    ...calls.map(({ id, name, input }) => ({
      block: { type: "tool_use", id, name, input: {} },
      // A call without arguments has one empty delta.
      deltas: (JSON.stringify(input) === "{}" ? [""] : halves(JSON.stringify(input))).map((half) => ({
        type: "input_json_delta",
        partial_json: half,
      })),
      whole: { type: "tool_use", id, name, input },
    })),
  ];
}

function events(play: Play): readonly object[] {
  const all = blocks(play).flatMap(({ block, deltas }, index) => [
    { type: "content_block_start", index, content_block: block },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ]);
  const opening = { ...head, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  const delta = { stop_reason: stop(play), stop_sequence: null };
  return cutShort(play, [
    { type: "message_start", message: opening },
    { type: "ping" },
    ...all,
    { type: "message_delta", delta, usage: { output_tokens: usage.output_tokens } },
    { type: "message_stop" },
  ]);
}

function stop(play: Play): string {
  return play === "tools" ? "tool_use" : "end_turn";
}

/** Anthropic's Messages, at Anthropic and at those who speak it too. */
export const messagesFamily: Family = {
  asked,
  whole: (play) => ({ ...head, content: blocks(play).map(({ whole }) => whole), stop_reason: stop(play), usage }),
  stream: (play) => sse(events(play)),
  error: (status, message) => ({
    type: "error",
    error: { type: status === 429 ? "rate_limit_error" : "invalid_request_error", message },
  }),
  tells: { cached: true, reasoning: false },
};

/** The same in AWS's frames, as Bedrock has it. */
export const invokeFamily: Family = {
  ...messagesFamily,
  stream: (play) => ({
    contentType: "application/vnd.amazon.eventstream",
    body: Buffer.concat(
      events(play).map((event) =>
        eventMessage("chunk", JSON.stringify({ bytes: Buffer.from(JSON.stringify(event)).toString("base64") })),
      ),
    ),
  }),
  error: (_status, message) => ({ message }),
};
