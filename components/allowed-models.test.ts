import { expect, test } from "vitest";
import { mayUse } from "./allowed-models";

test("a key may use what it names, what begins as it says, or everything", () => {
  expect(mayUse(["*"], "gpt-4o")).toBe(true);
  expect(mayUse(["gpt-*"], "gpt-4o")).toBe(true);
  expect(mayUse(["gpt-4o"], "gpt-4o")).toBe(true);
  expect(mayUse(["gpt-4o"], "gpt-4o-mini")).toBe(false);
  expect(mayUse([], "gpt-4o")).toBe(false);
});
