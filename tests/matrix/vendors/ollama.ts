import { at, halves, list, text } from "@/tests/matrix/json";
import { type Asked, lines, type Play, USED } from "@/tests/matrix/said";
import { cutShort, type Family } from "@/tests/matrix/vendors/family";

const head = { model: "served-model", created_at: "2026-11-01T00:00:00Z" };
const end = {
  done: true,
  done_reason: "stop",
  prompt_eval_count: USED.fresh + USED.cached,
  eval_count: USED.seen + USED.reasoning,
};

function asked(body: unknown): Asked {
  const messages = list(body, "messages");
  const format = at(body, "format");
  return {
    prompt: messages.map((message) => text(message, "content")).join("\n"),
    tools: list(body, "tools").map((tool) => text(tool, "function", "name")),
    images: messages.flatMap((message) => list(message, "images").map(String)),
    effort: at(body, "think"),
    schema: format,
    results: messages.flatMap((message) => (at(message, "role") === "tool" ? [text(message, "content")] : [])),
  };
}

/** Ollama gives calls no ids, and their arguments as objects. */
function callsOf(play: Play): object {
  const { calls } = lines(play);
  if (calls.length === 0) return {};
  return { tool_calls: calls.map(({ name, input }) => ({ function: { name, arguments: input } })) };
}

function whole(play: Play): object {
  const { thought, text: said } = lines(play);
  return {
    ...head,
    message: { role: "assistant", content: said, ...(thought && { thinking: thought }), ...callsOf(play) },
    ...end,
  };
}

function streamed(play: Play): readonly object[] {
  const { thought, text: said, calls } = lines(play);
  const line = (message: object) => ({ ...head, message: { role: "assistant", content: "", ...message }, done: false });
  return cutShort(play, [
    ...(thought === "" ? [] : halves(thought).map((thinking) => line({ thinking }))),
    ...halves(said).map((content) => line({ content })),
    ...(calls.length > 0 ? [line(callsOf(play))] : []),
    { ...line({}), ...end },
  ]);
}

/** Ollama's own chat. */
export const ollamaFamily: Family = {
  asked,
  whole,
  stream: (play) => ({
    contentType: "application/x-ndjson",
    body: streamed(play)
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(""),
  }),
  error: (_status, message) => ({ error: message }),
  tells: { cached: false, reasoning: false },
};
