import { expect, test } from "vitest";
import { Cancel } from "@/server/cancel";

test("listeners are called once, those that come late at once, and those taken back not at all", () => {
  const cancel = new Cancel();
  const called: string[] = [];
  const taken = () => called.push("taken back");
  cancel.onAbort(() => called.push("early"));
  cancel.onAbort(taken);
  cancel.offAbort(taken);
  cancel.abort();
  cancel.abort();
  cancel.onAbort(() => called.push("late"));
  expect(called).toEqual(["early", "late"]);
  expect(cancel.aborted).toBe(true);
});
