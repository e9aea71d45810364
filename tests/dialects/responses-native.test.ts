import { describe, expect, test } from "vitest";
import type { Seen } from "@/server/dialects/dialect";
import { responses } from "@/server/dialects/responses";
import { inputTokens, noUsage, outputTokens, type Usage } from "@/server/wire/usage";
import { brokenCuts, eventsOf, recordedBody, recordedLines, recordings } from "@/tests/providers/recordings";

const folders = ["openai/responses", "azure", "xai/responses", "open-responses/responses"];
/** This one answers in chat's form. */
const ofChat = /deepseek-reasoning/;
const named = (pattern: RegExp) =>
  folders.flatMap((name) => recordings(name, pattern)).filter((name) => !ofChat.test(name));
const wholes = named(/(?<!chunks)\.json$/);
const streams = named(/\.chunks\.txt$/).flatMap((name) => turnsOf(name).map((lines, turn) => ({ name, turn, lines })));
/** Its first and last events were recorded without their last bracket: so it has no end that could be read. */
const malformed = /parallel-tool-call-wrapper/;

/** A recording may hold the streams of several turns, one after the other. */
function turnsOf(name: string): string[][] {
  const turns: string[][] = [[]];
  for (const line of recordedLines(name)) {
    turns.at(-1)?.push(line);
    if (line.includes('"type":"response.completed"')) turns.push([]);
  }
  return turns.filter((turn) => turn.length > 0);
}

const framed = (lines: readonly string[]) =>
  lines.map((line) => Buffer.from(`event: ${/"type":"([\w.]+)"/.exec(line)?.[1]}\ndata: ${line}\n\n`));

type Recorded = {
  id: string;
  output: { type: string }[];
  usage: { input_tokens: number; output_tokens: number; total_tokens: number };
};

function expectAnswer(seen: Seen, response: unknown): void {
  const { id, output, usage }: Recorded = JSON.parse(JSON.stringify(response));
  const used = seen.usage ?? noUsage;
  expect(inputTokens(used)).toBe(usage.input_tokens);
  expect(inputTokens(used) + outputTokens(used)).toBe(usage.total_tokens);
  expect(seen.responseId).toBe(id);
  const called = output.some(({ type }) => type === "function_call" || type === "custom_tool_call");
  expect(seen.finishReason).toBe(called ? "tool_calls" : "stop");
}

describe("a whole native answer is read beside its bytes", () => {
  test.each(wholes)("%s", (name) => {
    const body = recordedBody(name);
    const seen = responses.readWhole(body);
    expect(seen.error).toBeUndefined();
    expectAnswer(seen, body);
    expect(seen.answer).toBe(body);
  });

  test("cached and reasoning tokens are classes of their own", () => {
    const { usage } = responses.readWhole(recordedBody("xai/responses/xai-web-search-tool.1.json"));
    const classes: Usage = {
      ...noUsage,
      input: 1941 - 947,
      cachedInput: 947,
      output: 583 - 380,
      reasoning: 380,
      webSearches: 1,
    };
    expect(usage).toEqual(classes);
  });

  test("an error with status 200 is one, and so is a failed response", () => {
    expect(responses.readWhole({ error: { message: "No.", code: "rate_limit_exceeded" } })).toMatchObject({
      error: { error: { message: "No." } },
      errorStatus: 429,
    });
    const failed = { status: "failed", output: [], error: { code: "server_error", message: "Oh." } };
    expect(responses.readWhole(failed)).toMatchObject({ error: { error: failed.error }, errorStatus: 500 });
    expect(() => responses.readWhole("<html>")).toThrow(/not JSON/);
    expect(() => responses.readWhole({ choices: [] })).toThrow(/not a response/);
  });

  test.each([
    ["max_output_tokens", "length"],
    ["content_filter", "content_filter"],
  ])("an incomplete response because of %s", (reason, finishReason) => {
    const body = { status: "incomplete", output: [], incomplete_details: { reason } };
    expect(responses.readWhole(body).finishReason).toBe(finishReason);
  });
});

describe("a native stream is read beside its bytes", () => {
  test.each(streams.filter(({ name }) => !malformed.test(name)))("$name, turn $turn", ({ lines }) => {
    const events = framed(lines);
    const read = responses.readStream();
    const seen = eventsOf([Buffer.concat(events)]).map(read);
    expect(seen.filter(({ error }) => error)).toEqual([]);
    expect(seen.flatMap(({ end }, index) => (end ? [index] : []))).toEqual([seen.length - 1]);
    const last = seen.at(-1) ?? {};
    expectAnswer(last, JSON.parse(lines.at(-1) ?? "").response);
    // What only repeats the request commits nothing: what comes next may still be an error.
    expect(seen.slice(0, 2).map(({ started }) => started ?? false)).toEqual([false, false]);
    expect(seen[2]?.started).toBe(true);
    expect(seen.some(({ token }) => token)).toBe(lines.some((line) => JSON.parse(line).type.endsWith(".delta")));
  });

  test.each(streams)("$name, turn $turn, cut anywhere", ({ lines }) => {
    expect(brokenCuts(framed(lines))).toEqual([]);
  });

  test.each(streams.filter(({ name }) => malformed.test(name)))("$name: malformed, and so without end", ({ lines }) => {
    const seen = eventsOf([Buffer.concat(framed(lines))]).map(responses.readStream());
    expect(seen.some(({ end }) => end)).toBe(false);
    expect(seen[1]?.started).toBe(true);
  });

  test.each([
    [{ type: "error", code: "ERR", message: "Oh.", param: null }, 500],
    [{ type: "error", error: { type: "invalid_request_error", code: "context_length_exceeded", message: "Oh." } }, 400],
    [{ type: "response.failed", response: { error: { code: "rate_limit_exceeded", message: "Oh." } } }, 429],
    [{ error: { message: "Oh.", code: 503 } }, 503],
  ])("an error within it: %j", (event, status) => {
    const seen = responses.readStream()({ event: "", data: JSON.stringify(event) });
    expect(seen).toMatchObject({ error: { error: { message: "Oh." } }, errorStatus: status });
    expect(seen.end ?? false).toBe(false);
  });
});
