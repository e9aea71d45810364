import { expect, test } from "vitest";
import { partsOf } from "./text-parts";

test("words and code alternate", () => {
  expect(partsOf("See:\n```ts\nconst a = 1;\n\nb();\n```\nDone.")).toEqual([
    { kind: "words", at: 0, text: "See:" },
    { kind: "code", at: 5, language: "ts", text: "const a = 1;\n\nb();" },
    { kind: "words", at: 33, text: "Done." },
  ]);
});

test("a fence that is not closed yet is code up to the end", () => {
  expect(partsOf("```\nls -l\ncd")).toEqual([{ kind: "code", at: 0, language: "", text: "ls -l\ncd" }]);
});

test("plain words stay whole, and nothing has no parts", () => {
  expect(partsOf("a `b` c\n\nd")).toEqual([{ kind: "words", at: 0, text: "a `b` c\n\nd" }]);
  expect(partsOf("")).toEqual([]);
});
