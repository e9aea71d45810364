import { describe, expect, test } from "vitest";
import { frameParser } from "@/server/wire/framing";
import { recordedLines, recordings } from "@/tests/providers/recordings";
import { eventMessage } from "@/tests/wire/event-stream";

/** Bytes that no message or event is as long as, so that both are cut in ever new places. */
const PIECE_BYTES = 61;

function pieces(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  return Array.from({ length: count }, (_none, at) => bytes.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES));
}

describe("Claude's recorded events, as Bedrock frames them", () => {
  test.each(recordings("anthropic", /\.chunks\.txt$/))("%s", (name) => {
    const lines = recordedLines(name);
    const stream = lines.map((line) =>
      eventMessage("chunk", JSON.stringify({ bytes: Buffer.from(line).toString("base64"), p: "abc" })),
    );
    const parser = frameParser("aws-chunks");
    const events = pieces(Buffer.concat(stream)).flatMap((piece) => parser.push(piece));
    expect(events).toEqual(lines.map((line) => ({ event: JSON.parse(line).type, data: line })));
  });
});

describe("recorded chunks of OpenAI's chat, as SageMaker frames them", () => {
  test.each(recordings("groq", /\.chunks\.txt$/))("%s", (name) => {
    const lines = [...recordedLines(name), "[DONE]"];
    const sse = Buffer.from(lines.map((line) => `data: ${line}\n\n`).join(""));
    const parser = frameParser("aws-sse");
    const events = pieces(sse).flatMap((piece) => parser.push(eventMessage("PayloadPart", piece)));
    expect(events).toEqual(lines.map((line) => ({ event: "", data: line })));
  });
});
