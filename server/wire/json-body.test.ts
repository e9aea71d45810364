import { expect, test } from "vitest";
import { JsonBodyParser } from "@/server/wire/json-body";

test.each(['{"a":1}', "[]", '[[1],{"b":"}]"}]', '  {"a":"\\"}","b":["\\\\"]}', '{\n "ü": "😀" }'])(
  "%s is one event, as soon as it is whole",
  (text) => {
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const parser = new JsonBodyParser();
      const events = [...parser.push(bytes.subarray(0, cut)), ...parser.push(bytes.subarray(cut))];
      expect(events).toEqual([{ event: "", data: text }]);
      expect(parser.push(Buffer.from("\n{}"))).toEqual([]);
    }
    expect(new JsonBodyParser().push(bytes.subarray(0, -1))).toEqual([]);
  },
);

test("a body larger than 16 MiB is refused", () => {
  const parser = new JsonBodyParser();
  const mebibyte = Buffer.alloc(1024 * 1024, '"');
  expect(() => {
    for (let at = 0; at < 17; at++) parser.push(mebibyte);
  }).toThrow(RangeError);
});
