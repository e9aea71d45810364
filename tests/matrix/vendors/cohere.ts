import { at, halves, list, text } from "@/tests/matrix/json";
import { type Asked, lines, type Play, USED } from "@/tests/matrix/said";
import { cutShort, type Family, sse } from "@/tests/matrix/vendors/family";

const usage = {
  billed_units: { input_tokens: USED.fresh + USED.cached, output_tokens: USED.seen + USED.reasoning },
  tokens: { input_tokens: 500, output_tokens: 9 },
};

function asked(body: unknown): Asked {
  const messages = list(body, "messages");
  const parts = messages.flatMap((message) => list(message, "content"));
  return {
    prompt: [...messages.map((message) => text(message, "content")), ...parts.map((part) => text(part, "text"))].join(
      "\n",
    ),
    tools: list(body, "tools").map((tool) => text(tool, "function", "name")),
    images: parts.flatMap((part) => {
      const url = text(part, "image_url", "url") || text(part, "image_url");
      return url.startsWith("data:") ? [url.slice(url.indexOf(",") + 1)] : [];
    }),
    effort: at(body, "thinking"),
    schema: at(body, "response_format", "json_schema") ?? at(body, "response_format", "schema"),
    results: messages.flatMap((message) =>
      at(message, "role") === "tool"
        ? [
            text(message, "content") ||
              list(message, "content")
                .map((part) => text(part, "text") || text(part, "document", "data"))
                .join(""),
          ]
        : [],
    ),
  };
}

function whole(play: Play): object {
  const { thought, text: said, calls } = lines(play);
  const content = [...(thought === "" ? [] : [{ type: "thinking", thinking: thought }]), { type: "text", text: said }];
  return {
    id: "m1",
    finish_reason: calls.length > 0 ? "TOOL_CALL" : "COMPLETE",
    message: {
      role: "assistant",
      content,
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id, name, input }) => ({
          id,
          type: "function",
          function: { name, arguments: JSON.stringify(input) },
        })),
      }),
    },
    usage,
  };
}

function events(play: Play): readonly object[] {
  const { thought, text: said, calls } = lines(play);
  const contents = [
    ...(thought === "" ? [] : [{ type: "thinking", field: "thinking", words: thought }]),
    { type: "text", field: "text", words: said },
  ];
  const spoken = contents.flatMap(({ type, field, words }, index) => [
    { type: "content-start", index, delta: { message: { content: { type, [field]: "" } } } },
    ...halves(words).map((half) => ({
      type: "content-delta",
      index,
      delta: { message: { content: { [field]: half } } },
    })),
    { type: "content-end", index },
  ]);
  const called = calls.flatMap(({ id, name, input }, index) => [
    {
      type: "tool-call-start",
      index,
      delta: { message: { tool_calls: { id, type: "function", function: { name, arguments: "" } } } },
    },
    ...halves(JSON.stringify(input)).map((half) => ({
      type: "tool-call-delta",
      index,
      delta: { message: { tool_calls: { function: { arguments: half } } } },
    })),
    { type: "tool-call-end", index },
  ]);
  const finish_reason = calls.length > 0 ? "TOOL_CALL" : "COMPLETE";
  return cutShort(play, [
    { id: "m1", type: "message-start", delta: { message: { role: "assistant", content: [] } } },
    ...spoken,
    ...called,
    { type: "message-end", delta: { finish_reason, usage } },
  ]);
}

/** Cohere's chat, version 2. What it bills says nothing of caches and reasoning. */
export const cohereFamily: Family = {
  asked,
  whole,
  stream: (play) => sse(events(play)),
  error: (_status, message) => ({ id: "m1", message }),
  tells: { cached: false, reasoning: false },
};
