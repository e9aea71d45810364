import { expect, test } from "vitest";
import { NewProvider } from "@/server/api/providers.schema";
import { problems } from "./form";
import { headerLines, parseHeaderLines } from "./header-lines";

test("headers survive the way through the field", () => {
  const headers = { "x-team": "search", "x-route": "eu: west" };
  expect(parseHeaderLines(headerLines(headers))).toEqual(headers);
  expect(parseHeaderLines("  x-team :  search \n\n")).toEqual({ "x-team": "search" });
});

test("a line without a colon is refused, not dropped", () => {
  const found = problems(NewProvider, { name: "a", type: "openai", headers: parseHeaderLines("not a header") });
  expect(Object.keys(found)).toEqual(["headers.not a header"]);
});
