import { expect, test } from "vitest";
import { eventReader } from "./event-stream";

const stream = ': hello\n\ndata: {"a":"é"}\n\nevent: x\r\ndata: one\r\ndata:two\r\n\r\ndata: [DONE]\n\n';
const events = ['{"a":"é"}', "one\ntwo", "[DONE]"];

test("events are found in a whole stream", () => expect(eventReader()(stream)).toEqual(events));

test("events are found however the stream is cut", () => {
  for (let cut = 1; cut < stream.length; cut += 1) {
    const read = eventReader();
    expect([...read(stream.slice(0, cut)), ...read(stream.slice(cut))]).toEqual(events);
  }
  const read = eventReader();
  expect([...stream].flatMap((letter) => read(letter))).toEqual(events);
});

test("an event that was not ended is not given", () => expect(eventReader()("data: half\n")).toEqual([]));
