import { expect, test } from "vitest";
import type { Sink } from "@/server/gateway/endpoint";
import { asJsonArray } from "@/server/gateway/json-array";

/** What a caller gets for a stream that writes these pieces. */
async function arrayOf(pieces: readonly (string | Buffer)[]) {
  const reply = { status: 200, headers: { "content-type": "text/event-stream", "x-request-id": "r" }, body: "" };
  const made = asJsonArray(reply, async (sink) => {
    for (const piece of pieces) sink.write(piece);
  });
  let text = "";
  const sink: Sink = {
    write: (chunk) => {
      text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      return true;
    },
    onDrain: () => undefined,
  };
  if (typeof made.body !== "function") throw new Error("The answer is not a stream.");
  await made.body(sink);
  return { headers: made.headers, text, value: JSON.parse(text) };
}

test("events become the elements of one JSON array, however they are cut", async () => {
  const stream = Buffer.from('data: {"a":"ö"}\r\n\r\n: ping\n\ndata: {"b":2}\n\n');
  for (let at = 0; at <= stream.length; at++) {
    const { value, headers } = await arrayOf([stream.subarray(0, at), stream.subarray(at)]);
    expect(value).toEqual([{ a: "ö" }, { b: 2 }]);
    expect(headers).toEqual({ "content-type": "application/json", "x-request-id": "r" });
  }
});

test("an error in the stream is its last element, and a stream of nothing an empty array", async () => {
  expect((await arrayOf(['data: {"a":1}\n\n', 'data: {"error":{"code":502}}\n\n'])).value).toEqual([
    { a: 1 },
    { error: { code: 502 } },
  ]);
  expect((await arrayOf([])).text).toBe("[]");
});

test("an element goes out as soon as it is whole", async () => {
  const reply = { status: 200, headers: {}, body: "" };
  const written: string[] = [];
  const seen: number[] = [];
  const made = asJsonArray(reply, async (sink) => {
    for (const piece of ['data: {"a"', ":1}\n\n", 'data: {"b":2}\n\n']) {
      sink.write(piece);
      seen.push(written.length);
    }
  });
  if (typeof made.body !== "function") throw new Error("The answer is not a stream.");
  await made.body({ write: (chunk) => written.push(String(chunk)) > 0, onDrain: () => undefined });
  expect(seen).toEqual([0, 1, 2]);
  expect(written).toEqual(['[{"a":1}', ',\r\n{"b":2}', "]"]);
});
