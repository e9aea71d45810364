import { describe, expect, test } from "vitest";
import { generateContent } from "@/server/dialects/gemini";
import { responses } from "@/server/dialects/responses";
import { isRecord, listOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";
import { context, eventFaults, piece, usage } from "@/tests/dialects/responses";
import { eventsOf, recordedLines, recordings } from "@/tests/providers/recordings";

const body = { model: "m", input: "Hi" };

/** What a recorded stream of responses says, in its order. */
function said(lines: readonly string[]): string {
  return lines
    .map((line) => JSON.parse(line))
    .flatMap(({ type, delta }) => (type === "response.output_text.delta" ? [delta] : []))
    .join("");
}

const named = ["openai/responses", "azure", "xai/responses"].flatMap((folder) => recordings(folder, /\.chunks\.txt$/));
/** A recording may hold several turns, and some are garbled or were shortened. */
const streams = named.filter((name) => {
  const ends = recordedLines(name).filter((line) => line.includes('"type":"response.completed"'));
  return (
    ends.length === 1 && recordedLines(name).at(-1) === ends[0] && !/parallel-tool-call-wrapper|openai-phase/.test(name)
  );
});

/** Not every vendor numbers its events. */
const numberAfter = (lines: readonly string[]): number =>
  (JSON.parse(lines.at(-1) ?? "").sequence_number ?? lines.length - 1) + 1;
const eventOf = (data: string): ServerSentEvent => ({ event: "", data });

describe("a recorded stream of responses that breaks off after any of its events", () => {
  let resumed = 0;

  test.each(streams)("%s is gone on with to one whole response, or not at all", (name) => {
    const lines = recordedLines(name);
    const text = said(lines);
    for (let count = 1; count < lines.length; count++) {
      const from = responses.resume?.(lines.slice(0, count).map(eventOf), { body, context });
      if (!from) continue;
      resumed++;
      const rest =
        from.encoder.chunk(piece({ content: text.slice(from.text.length), finish: "stop" })) +
        from.encoder.finish(usage);
      const written = eventsOf([Buffer.from(rest)]).map(({ data }) => JSON.parse(data));
      expect(text.startsWith(from.text)).toBe(true);
      expect(written.map((one) => one.sequence_number)).toEqual(
        written.map((_, at) => numberAfter(lines.slice(0, count)) + at),
      );
      // `user: null` is the vendor's own fault.
      expect(
        eventFaults(written).filter(
          (fault) => !/^response\.completed: \/response\/user must be string[^;]*$/.test(fault),
        ),
      ).toEqual([]);
      const { response } = written.at(-1);
      const parts = listOf(response.output).flatMap((item) =>
        isRecord(item) && item.type === "message" ? listOf(item.content) : [],
      );
      expect(parts.map((part) => (isRecord(part) ? part.text : "")).join("")).toBe(text);
      expect(response.id).toBe(JSON.parse(lines[0] ?? "").response.id);
    }
  });

  test("many are", () => expect(resumed).toBeGreaterThan(100));
});

/** What a recorded stream of Gemini's says, without its thoughts. */
function geminiSaid(lines: readonly string[]): string {
  return lines
    .flatMap((line) => listOf(JSON.parse(line).candidates?.[0]?.content?.parts))
    .map((part) => (isRecord(part) && part.thought !== true ? String(part.text ?? "") : ""))
    .join("");
}

describe("a recorded stream of Gemini's that breaks off after any of its events", () => {
  const asked = { contents: [{ parts: [{ text: "Hi" }] }] };
  let resumed = 0;

  test.each(recordings("google", /\.chunks\.txt$/))("%s is gone on with, or not at all", (name) => {
    const lines = recordedLines(name);
    const text = geminiSaid(lines);
    for (let count = 1; count < lines.length; count++) {
      const from = generateContent.resume?.(lines.slice(0, count).map(eventOf), { body: asked, context });
      if (!from) continue;
      resumed++;
      expect(from.text).toBe(geminiSaid(lines.slice(0, count)));
      const content = text.slice(from.text.length);
      // Who goes on with it has no ids of its own.
      const chunk = { ...piece({ content, finish: "stop" }), id: "", model: "" };
      const rest = from.encoder.chunk(chunk) + from.encoder.finish(usage);
      const written = eventsOf([Buffer.from(rest)]).map(({ data }) => data);
      expect(from.text + geminiSaid(written)).toBe(text);
      const { responseId, modelVersion } = JSON.parse(lines[0] ?? "");
      for (const one of written) expect(JSON.parse(one)).toMatchObject({ responseId, modelVersion });
    }
  });

  test("some are", () => expect(resumed).toBeGreaterThan(0));
});
