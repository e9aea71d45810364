import { describe, expect, test } from "vitest";
import { spliceJson } from "@/server/wire/splice";

const splice = (text: string, fields: Record<string, string>) => spliceJson(Buffer.from(text), fields).toString();

describe("spliceJson", () => {
  test("replaces a value and leaves every other byte as it was", () => {
    const body = '{ "seed": 12345678901234567890,\n  "model" : "a" , "x":1.0,"model2":"a" }';
    expect(splice(body, { model: '"b"' })).toBe(body.replace('"a" ,', '"b" ,'));
  });

  test("does not mistake a nested field, or a text that looks like one, for a top-level field", () => {
    const body =
      '{"messages":[{"model":"inner","content":"\\"model\\":\\"quoted\\""}],"meta":{"model":"inner"},"model":"a"}';
    expect(splice(body, { model: '"b"' })).toBe(`${body.slice(0, -4)}"b"}`);
  });

  test("replaces a field each time it is given, also when its name is written with escapes", () => {
    expect(splice('{"model":"x","a":1,"\\u006dodel":"y"}', { model: '"b"' })).toBe(
      '{"model":"b","a":1,"\\u006dodel":"b"}',
    );
  });

  test.each([
    ['{"a":1}', '{"a":1,"n":true}'],
    ['{"a":{"b":[1,2]} }', '{"a":{"b":[1,2]},"n":true }'],
    ["{}", '{"n":true}'],
    ["{ }", '{"n":true }'],
  ])("adds a field that is missing: %s", (body, expected) => {
    expect(splice(body, { n: "true" })).toBe(expected);
    expect(JSON.parse(splice(body, { n: "true" }))).toEqual({ ...JSON.parse(body), n: true });
  });

  test("replaces objects, arrays, numbers, literals and texts that end in a backslash", () => {
    for (const value of ['{"a":[{}]}', "[1,[2]]", "-1.5e3", "null", '"\\\\"', '"a\\"b"', '"ünïcödé 🎈"']) {
      expect(splice(`{"v":${value},"w":2}`, { v: "0" })).toBe('{"v":0,"w":2}');
      expect(splice(`{"w":2,"v":${value}}`, { v: "0" })).toBe('{"w":2,"v":0}');
    }
  });

  test.each(['a"b', "ü", "mod", "models", "", "back\\slash", "tab\there"])(
    "finds the field named %j among ones like it",
    (name) => {
      const others = { model: 0, a: 1, 'a\\"b': 2, 'a"': 3, u: 4, "ü!": 5, model2: 6, "back\\\\slash": 7 };
      const escaped = [...name].map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
      for (const written of [JSON.stringify(name), `"${escaped}"`]) {
        const text = `{${JSON.stringify(others).slice(1, -1)},${written}:"old"}`;
        expect(splice(text, { [name]: '"new"' })).toBe(text.replace('"old"', '"new"'));
      }
    },
  );

  test("reads strings of every length, with escapes at every place of them", () => {
    for (let length = 0; length < 120; length++) {
      for (const ending of ["\\\\", '\\"', '\\\\\\"', "é", ""]) {
        const body = `{"text":"${"x".repeat(length)}${ending}","model":"a","last":"${ending}"}`;
        expect(splice(body, { model: "1" })).toBe(body.replace('"model":"a"', '"model":1'));
      }
    }
  });

  test("gives the same bytes back when nothing changes", () => {
    const body = Buffer.from('{"model":"a"}');
    expect(spliceJson(body, { model: '"a"' })).toBe(body);
  });

  test("agrees with parsing and setting over many random objects", () => {
    for (let seed = 1; seed < 300; seed++) {
      const value = randomValue(seed);
      const text = JSON.stringify({ first: value, model: "a", [`k"\\${seed}`]: value }, null, seed % 3);
      expect(JSON.parse(splice(text, { model: '{"b":1}', added: "[]" }))).toEqual({
        ...JSON.parse(text),
        model: { b: 1 },
        added: [],
      });
    }
  });
});

function randomValue(seed: number): unknown {
  const texts = ["", '"', "\\", '\\"', "{", "}]", "a,b:c", "\n", "é", '"model":"z"'];
  const pick = texts[seed % texts.length];
  return seed % 5 === 0
    ? [pick, seed, { [String(pick)]: [pick] }]
    : seed % 5 === 1
      ? { a: pick, b: { c: pick } }
      : pick;
}
