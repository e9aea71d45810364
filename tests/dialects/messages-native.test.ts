import { describe, expect, test } from "vitest";
import type { Seen } from "@/server/dialects/dialect";
import { messages } from "@/server/dialects/messages";
import { isRecord, listOf } from "@/server/wire/json";
import { usageFromMessages } from "@/server/wire/messages-usage";
import { assembled, context, type Event, located, parsed } from "@/tests/dialects/messages";
import { chat, context as decodeContext } from "@/tests/providers/anthropic";
import { assemble } from "@/tests/providers/assemble";
import { eventsOf, recordedBody, recordedLines, recordings } from "@/tests/providers/recordings";

/** A recording may hold the streams of several turns, one after the other; some lack their end. */
function turnsOf(name: string): Event[][] {
  const turns: Event[][] = [[]];
  for (const line of recordedLines(name)) {
    const event: Event = JSON.parse(line);
    turns.at(-1)?.push(event);
    if (event.type === "message_stop") turns.push([]);
  }
  return turns.filter((turn) => turn.length > 0);
}

const streams = recordings("anthropic", /\.chunks\.txt$/);
const bodies = recordings("anthropic", /\.json$/);
const turns = streams.flatMap((name) => turnsOf(name).map((events, turn) => ({ name, turn, events })));

function framed(events: readonly Event[]): Buffer {
  return Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
}

/** A piece of a block, or a beginning that holds whole ones. */
function producesTokens({ type, message }: Event): boolean {
  return type === "content_block_delta" || (isRecord(message) && listOf(message.content).length > 0);
}

/** What a stream says to the ledger once it is over. */
function read(chunks: Iterable<Uint8Array>) {
  const reader = messages.readStream();
  const total: Seen & { tokens: number } = { tokens: 0 };
  return eventsOf(chunks).reduce((sum, event) => {
    const seen = reader(event);
    return {
      usage: seen.usage ?? sum.usage,
      finishReason: seen.finishReason ?? sum.finishReason,
      end: seen.end ?? sum.end,
      error: seen.error ?? sum.error,
      tokens: sum.tokens + (seen.token ? 1 : 0),
    };
  }, total);
}

describe("a stream that passes", () => {
  test.each(turns)("$name, turn $turn: usage, reason and end as a translation reads them", ({ name, events }) => {
    const decoder = chat.decodeStream(decodeContext);
    const bytes = framed(events);
    const seen = read([bytes]);
    expect(seen.tokens).toBe(events.filter(producesTokens).length);
    expect(seen.end ?? false).toBe(events.some((event) => event.type === "message_stop"));
    // Another answer begins in the middle of this one, which only a translation cannot pass on.
    if (name.includes("spliced")) return;
    const translated = assemble(eventsOf([bytes]).flatMap((event) => [...decoder(event)]));
    expect(seen.usage).toEqual(translated.usage);
    if (translated.ended) expect(seen.finishReason).toBe(translated.finishReasons.at(-1));
    expect(seen.error).toBeUndefined();
  });

  test.each(streams)("%s is read the same in pieces of one byte", (name) => {
    const bytes = framed((turnsOf(name)[0] ?? []).slice(0, 60));
    const single = Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1));
    expect(read(single)).toEqual(read([bytes]));
  });

  test("pings and an empty beginning commit to nothing, the first block does", () => {
    const reader = messages.readStream();
    const started = (type: string, fields: object = {}) =>
      reader({ event: type, data: JSON.stringify({ type, ...fields }) }).started;
    expect(started("message_start", { message: { content: [], usage: { input_tokens: 3, output_tokens: 1 } } })).toBe(
      false,
    );
    expect(started("ping")).toBeUndefined();
    expect(started("content_block_start", { index: 0, content_block: { type: "text", text: "" } })).toBe(true);
  });

  test("events without names are told apart by their data", () => {
    const reader = messages.readStream();
    const seen = (data: object) => reader({ event: "", data: JSON.stringify(data) });
    expect(seen({ type: "content_block_delta", index: 0, delta: {} })).toEqual({ started: true, token: true });
    expect(seen({ type: "message_stop" })).toEqual({ started: true, end: true });
    expect(seen({ error: { type: "overloaded_error", message: "Full." } }).errorStatus).toBe(529);
  });

  test("an error event is the error's body, with the status that its type stands for", () => {
    const body = { type: "error", error: { type: "rate_limit_error", message: "Slow down." } };
    expect(messages.readStream()({ event: "error", data: JSON.stringify(body) })).toEqual({
      error: body,
      errorStatus: 429,
    });
  });
});

describe("a whole answer that passes", () => {
  test.each(bodies)("%s", (name) => {
    const body = recordedBody(name);
    const { completion, usage } = chat.decode(body, decodeContext);
    expect(messages.readWhole(body)).toEqual({ usage, finishReason: completion.choices[0]?.finish_reason });
  });

  test("an error with a success's status", () => {
    const body = { type: "error", error: { type: "api_error", message: "No." } };
    expect(messages.readWhole(body)).toEqual({ error: body, errorStatus: 500 });
  });

  test.each([
    ["a text", "Bad gateway"],
    ["another vendor's answer", { choices: [] }],
    ["nothing", null],
  ])("%s is garbled", (_name, body) => {
    expect(() => messages.readWhole(body)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});

/** The blocks as a caller must get them: texts without citations that follow one another may be one. */
function comparable(content: readonly Record<string, unknown>[]): unknown[] {
  const merged: Record<string, unknown>[] = [];
  for (const { caller: _caller, citations, ...block } of content) {
    const cited = Array.isArray(citations) && citations.length > 0 ? { citations } : {};
    const last = merged.at(-1);
    if (block.type === "text" && last?.type === "text" && !("citations" in last) && !("citations" in cited))
      last.text = `${String(last.text)}${String(block.text)}`;
    else merged.push({ ...block, ...cited });
  }
  return merged.filter((block) => !(block.type === "text" && block.text === ""));
}

describe("an answer of this API that is translated back", () => {
  test.each(bodies)("whole: %s", (name) => {
    const body = recordedBody(name) as { content: Record<string, unknown>[]; stop_reason: string; usage: unknown };
    const { completion, usage } = chat.decode(body, decodeContext);
    const made = messages.encodeAnswer(completion, { usage, body: {}, context }) as typeof body;
    const refusal = body.stop_reason === "refusal" && body.content.length === 0;
    expect(refusal ? [] : comparable(made.content)).toEqual(comparable(body.content));
    expect(made.stop_reason).toBe(body.stop_reason);
    expect(usageFromMessages(made.usage)).toEqual(usageFromMessages(body.usage));
  });

  const whole = turns.filter(({ name, events }) => !name.includes("spliced") && events.at(-1)?.type === "message_stop");

  test.each(whole)("streamed: $name, turn $turn", ({ name, events }) => {
    const original = assembled(name.includes("duplicate") ? withoutRepeat(events) : events);
    const decoder = chat.decodeStream(decodeContext);
    const encoder = messages.encodeStream({}, context, located);
    let text = "";
    let usage: Parameters<typeof encoder.finish>[0];
    for (const piece of eventsOf([framed(events)]).flatMap((event) => [...decoder(event)])) {
      if (piece.kind === "chunk") text += encoder.chunk(piece.chunk);
      if (piece.kind === "usage") usage = piece.usage;
    }
    const made = assembled(parsed(text + encoder.finish(usage)));
    const refusal = original.stop_reason === "refusal" && original.content.length === 0;
    expect(refusal ? [] : comparable(made.content)).toEqual(comparable(original.content));
    expect(made.stop_reason).toBe(original.stop_reason);
  });

  test("most streams are among them", () => {
    expect(whole.length).toBeGreaterThanOrEqual(30);
  });
});

function withoutRepeat(events: readonly Event[]): Event[] {
  return events.filter((event, index) => event.type !== "message_start" || index === 0);
}
