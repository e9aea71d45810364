import { expect, test } from "vitest";
import { withParams } from "./url-state";

test("a parameter is set, changed and removed without touching the others", () => {
  expect(withParams("?range=24h", { model: "demo" })).toBe("range=24h&model=demo");
  expect(withParams("?range=24h&model=demo", { range: "7d" })).toBe("range=7d&model=demo");
  expect(withParams("?range=24h&model=demo", { model: undefined })).toBe("range=24h");
  expect(withParams("?range=24h", { range: "" })).toBe("");
});
