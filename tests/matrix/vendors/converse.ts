import { at, halves, list, parsed, text } from "@/tests/matrix/json";
import { type Asked, lines, type Play, USED } from "@/tests/matrix/said";
import { cutShort, type Family } from "@/tests/matrix/vendors/family";
import { eventMessage } from "@/tests/wire/event-stream";

const usage = {
  inputTokens: USED.fresh,
  outputTokens: USED.seen + USED.reasoning,
  cacheReadInputTokens: USED.cached,
  totalTokens: USED.fresh + USED.cached + USED.seen + USED.reasoning,
};
const metrics = { latencyMs: 5 };

function toolNames(body: unknown): string[] {
  return list(body, "toolConfig", "tools").map((tool) => text(tool, "toolSpec", "name"));
}

/** Models without structured output are made to call a tool that takes it. */
function forcedTool(body: unknown): unknown {
  const isForced = at(body, "toolConfig", "toolChoice", "any") !== undefined;
  return isForced ? list(body, "toolConfig", "tools")[0] : undefined;
}

function asked(body: unknown): Asked {
  const blocks = list(body, "messages").flatMap((turn) => list(turn, "content"));
  const fields = at(body, "additionalModelRequestFields");
  return {
    prompt: blocks.map((block) => text(block, "text")).join("\n"),
    tools: toolNames(body),
    images: blocks.flatMap((block) => text(block, "image", "source", "bytes") || []),
    effort: at(fields, "thinking") ?? at(fields, "reasoningConfig") ?? at(fields, "reasoning_effort"),
    schema:
      parsed(text(body, "outputConfig", "textFormat", "structure", "jsonSchema", "schema") || "null") ??
      at(forcedTool(body), "toolSpec", "inputSchema", "json"),
    results: blocks.flatMap((block) =>
      at(block, "toolResult")
        ? [
            list(block, "toolResult", "content")
              .map((part) => text(part, "text"))
              .join(""),
          ]
        : [],
    ),
  };
}

type Block = { start?: object; deltas: object[]; whole: object };

function blocksOf(play: Play, request: unknown): Block[] {
  const { thought, text: said, calls } = lines(play);
  const answerTool = text(forcedTool(request), "toolSpec", "name");
  const spoken = play === "structured" && answerTool ? [] : [said];
  const made =
    play === "structured" && answerTool ? [{ id: "tooluse_m1", name: answerTool, input: parsed(said) }] : calls;
  return [
    ...(thought === ""
      ? []
      : [
          {
            deltas: [
              ...halves(thought).map((half) => ({ reasoningContent: { text: half } })),
              { reasoningContent: { signature: "c2lnbmVk" } },
            ],
            whole: { reasoningContent: { reasoningText: { text: thought, signature: "c2lnbmVk" } } },
          },
        ]),
    ...spoken.map((one) => ({ deltas: halves(one).map((half) => ({ text: half })), whole: { text: one } })),
    ...made.map(({ id, name, input }) => ({
      start: { toolUse: { toolUseId: id, name } },
      deltas: (JSON.stringify(input) === "{}" ? [""] : halves(JSON.stringify(input))).map((half) => ({
        toolUse: { input: half },
      })),
      whole: { toolUse: { toolUseId: id, name, input } },
    })),
  ];
}

function stopOf(blocks: readonly Block[]): string {
  return blocks.some(({ start }) => start) ? "tool_use" : "end_turn";
}

function events(play: Play, request: unknown): readonly [name: string, payload: object][] {
  const blocks = blocksOf(play, request);
  const all = blocks.flatMap(({ start, deltas }, contentBlockIndex): [string, object][] => [
    ...(start ? [["contentBlockStart", { contentBlockIndex, start }] satisfies [string, object]] : []),
    ...deltas.map((delta): [string, object] => ["contentBlockDelta", { contentBlockIndex, delta }]),
    ["contentBlockStop", { contentBlockIndex }],
  ]);
  return cutShort<[string, object]>(play, [
    ["messageStart", { role: "assistant" }],
    ...all,
    ["messageStop", { stopReason: stopOf(blocks) }],
    ["metadata", { usage, metrics }],
  ]);
}

/** Bedrock's Converse. */
export const converseFamily: Family = {
  asked,
  whole: (play, request) => {
    const blocks = blocksOf(play, request);
    const message = { role: "assistant", content: blocks.map(({ whole }) => whole) };
    return { output: { message }, stopReason: stopOf(blocks), usage, metrics };
  },
  stream: (play, request) => ({
    contentType: "application/vnd.amazon.eventstream",
    body: Buffer.concat(events(play, request).map(([name, payload]) => eventMessage(name, JSON.stringify(payload)))),
  }),
  error: (_status, message) => ({ message }),
  tells: { cached: true, reasoning: false },
};
