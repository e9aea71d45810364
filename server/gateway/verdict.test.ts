import { expect, test } from "vitest";
import { GatewayError } from "@/server/errors";
import { verdictOf } from "@/server/gateway/verdict";

const refused = (message: string, { code = null, status = 400 }: { code?: string | null; status?: number } = {}) =>
  verdictOf(new GatewayError("upstream_rejected", message, { code, status }));

test.each([
  "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
  "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
  "the request exceeds the available context size, try increasing it",
  "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
  "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
  "Input validation error: `inputs` must have less than 1024 tokens. Given: 5000",
  "Range of input length should be [1, 30720]",
  "prompt is too long: 210000 tokens > 200000 maximum",
])("a prompt that is too long, as vendors say it: %s", (message) => {
  expect(refused(message)).toBe("larger");
});

test.each([
  ["Your request was rejected by our safety system.", null],
  ["Input data may contain inappropriate content.", null],
  ["Content Exists Risk", null],
  ["No.", "content_filter"],
  ["No.", "data_inspection_failed"],
])("content that was refused: %s (%s)", (message, code) => {
  expect(refused(message, { code })).toBe("policy");
});

test("what only this vendor does not know, or takes no request of that size, others may", () => {
  for (const status of [404, 405, 413]) expect(refused("No.", { status })).toBe("elsewhere");
});

test("everything else is the caller's to mend", () => {
  expect(refused("Unknown parameter: 'length'.")).toBe("final");
  expect(refused("'max_tokens' must be at least 1.", { status: 422 })).toBe("final");
});
