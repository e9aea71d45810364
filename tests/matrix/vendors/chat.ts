import { at, halves, list, text } from "@/tests/matrix/json";
import { type Asked, lines, type Play, USED } from "@/tests/matrix/said";
import { cutShort, type Family, sse } from "@/tests/matrix/vendors/family";

/** Where a vendor of OpenAI's dialect puts its reasoning. */
export type Thought = "reasoning_content" | "reasoning" | "pieces" | "none";

const usage = {
  prompt_tokens: USED.fresh + USED.cached,
  completion_tokens: USED.seen + USED.reasoning,
  total_tokens: USED.fresh + USED.cached + USED.seen + USED.reasoning,
  prompt_tokens_details: { cached_tokens: USED.cached },
  completion_tokens_details: { reasoning_tokens: USED.reasoning },
};

const head = { id: "chatcmpl-m1", created: 1_790_000_000, model: "served-model" };

/** Whatever of a request turns reasoning on, at one vendor or another. */
const EFFORT = [
  "reasoning_effort",
  "reasoning",
  "thinking",
  "enable_thinking",
  "thinking_budget",
  "chat_template_kwargs",
  "reasoning_split",
  "prompt_mode",
];

function asked(body: unknown): Asked {
  const messages = list(body, "messages");
  const parts = messages.flatMap((message) => list(message, "content"));
  const format = at(body, "response_format");
  const schema = at(format, "json_schema", "schema") ?? at(format, "schema");
  return {
    prompt: [
      ...messages.map((message) => text(message, "content")),
      ...parts.map((part) => text(part, "text")),
      text(body, "prompt"),
    ].join("\n"),
    tools: list(body, "tools").map((tool) => text(tool, "function", "name")),
    images: parts.flatMap((part) => {
      const url = text(part, "image_url", "url") || text(part, "image_url");
      return url.startsWith("data:") ? [url.slice(url.indexOf(",") + 1)] : [];
    }),
    effort: EFFORT.map((name) => at(body, name)).find((value) => value !== undefined),
    schema,
    results: messages.flatMap((message) => (at(message, "role") === "tool" ? [contentOf(message)] : [])),
  };
}

function contentOf(message: unknown): string {
  return (
    text(message, "content") ||
    list(message, "content")
      .map((part) => text(part, "text"))
      .join("")
  );
}

function thoughtAs(where: Thought, thought: string): object {
  if (thought === "" || where === "none") return {};
  return where === "pieces"
    ? { content: [{ type: "thinking", thinking: [{ type: "text", text: thought }] }] }
    : { [where]: thought };
}

function whole(play: Play, where: Thought): object {
  const { thought, text: said, calls } = lines(play);
  const pieces =
    where === "pieces" && thought !== ""
      ? [
          { type: "thinking", thinking: [{ type: "text", text: thought }] },
          { type: "text", text: said },
        ]
      : said;
  const message = {
    role: "assistant",
    ...(where !== "pieces" && thoughtAs(where, thought)),
    content: pieces,
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, name, input }) => ({
        id,
        type: "function",
        function: { name, arguments: JSON.stringify(input) },
      })),
    }),
  };
  const choice = { index: 0, message, finish_reason: calls.length > 0 ? "tool_calls" : "stop" };
  return { ...head, object: "chat.completion", choices: [choice], usage };
}

function chunks(play: Play, where: Thought, request: unknown): readonly object[] {
  const { thought, text: said, calls } = lines(play);
  const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  });
  const opened = calls.map(({ id, name }, index) =>
    chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }),
  );
  // The pieces of parallel calls in turn.
  const filled = [0, 1].flatMap((half) =>
    calls.map(({ input }, index) =>
      chunk({ tool_calls: [{ index, function: { arguments: halves(JSON.stringify(input))[half] } }] }),
    ),
  );
  const apart = at(request, "stream_options", "include_usage") === true;
  const finish = calls.length > 0 ? "tool_calls" : "stop";
  return [
    chunk({ role: "assistant", content: "" }),
    ...(thought === "" || where === "none" ? [] : halves(thought).map((half) => chunk(thoughtAs(where, half)))),
    ...halves(said).map((content) => chunk({ content })),
    ...opened,
    ...filled,
    // Who was not asked for the usage and tells it, does so with the end.
    chunk({}, finish, apart ? {} : { usage }),
    ...(apart ? [{ ...chunk({}), choices: [], usage }] : []),
  ];
}

/** A vendor of OpenAI's chat that puts its reasoning there. */
export function chatFamily(where: Thought): Family {
  return {
    asked,
    whole: (play) => whole(play, where),
    stream: (play, request) =>
      sse(cutShort(play, chunks(play, where, request)), play === "cut" ? "" : "data: [DONE]\n\n"),
    error: (status, message) => ({
      error: { message, type: status === 429 ? "rate_limit_error" : "invalid_request_error", param: null, code: null },
    }),
    tells: { cached: true, reasoning: true },
  };
}

const COMPLETION = { ...head, id: "cmpl-m1", object: "text_completion" };

/** A vendor's endpoint for legacy completions. */
export const completionsFamily: Family = {
  asked,
  whole: (play) => ({
    ...COMPLETION,
    choices: [{ index: 0, text: lines(play).text, logprobs: null, finish_reason: "stop" }],
    usage,
  }),
  stream: (play) => {
    const chunk = (said: string, finish: string | null) => ({
      ...COMPLETION,
      choices: [{ index: 0, text: said, logprobs: null, finish_reason: finish }],
    });
    const all = [
      ...halves(lines(play).text).map((half) => chunk(half, null)),
      chunk("", "stop"),
      { ...COMPLETION, choices: [], usage },
    ];
    return sse(cutShort(play, all), play === "cut" ? "" : "data: [DONE]\n\n");
  },
  error: (_status, message) => ({ error: { message, type: "invalid_request_error", param: null, code: null } }),
  tells: { cached: true, reasoning: true },
};
