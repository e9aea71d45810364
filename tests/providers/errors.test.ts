import { describe, expect, test } from "vitest";
import { anthropic } from "@/server/providers/anthropic";
import { openai } from "@/server/providers/openai";
import { openaiCompatible } from "@/server/providers/openai-compatible";

const said = { message: "Said by the vendor.", type: "some_error", code: "some_code", param: "messages" };

describe("a vendor that speaks OpenAI's API", () => {
  test.each([
    [400, "upstream_rejected"],
    [401, "upstream_denied"],
    [402, "upstream_denied"],
    [403, "upstream_denied"],
    [404, "upstream_rejected"],
    [405, "upstream_rejected"],
    [408, "upstream_timeout"],
    [409, "upstream_rejected"],
    [413, "upstream_rejected"],
    [415, "upstream_rejected"],
    [422, "upstream_rejected"],
    [424, "upstream_rejected"],
    [429, "upstream_rate_limited"],
    [301, "upstream_unavailable"],
    [500, "upstream_unavailable"],
    [501, "upstream_unavailable"],
    [502, "upstream_unavailable"],
    [503, "upstream_unavailable"],
    [504, "upstream_timeout"],
    [529, "upstream_unavailable"],
  ])("%d is %s", (status, kind) => {
    expect(openai.classify(status, { error: said }).kind).toBe(kind);
    expect(openaiCompatible.classify(status, undefined).kind).toBe(kind);
  });

  test("a rejected request's error is passed on whole", () => {
    expect(openai.classify(400, { error: said })).toEqual({ kind: "upstream_rejected", ...said });
  });

  test.each([
    [
      "OpenAI's",
      { error: { ...said, code: null, param: null } },
      { message: said.message, type: said.type, code: null },
    ],
    ["a text", { error: "No such model." }, { message: "No such model.", code: null }],
    ["a bare message", { message: "No.", type: "t", code: 1210 }, { message: "No.", type: "t", code: "1210" }],
    ["FastAPI's text", { detail: "Not found" }, { message: "Not found", code: null }],
    [
      "FastAPI's list",
      { detail: [{ loc: ["body"], msg: "field required" }] },
      { message: "field required", code: null },
    ],
    ["a list of one", [{ error: { message: "Inside." } }], { message: "Inside.", code: null }],
    ["an empty object", {}, { code: null }],
    ["HTML", "<html>", { code: null }],
    ["nothing", undefined, { code: null }],
  ])("the shape of its error may be %s", (_name, body, seen) => {
    expect(openaiCompatible.classify(400, body)).toEqual({ kind: "upstream_rejected", ...seen });
  });

  test("an account without credit is the operator's matter, though it comes as a rate limit", () => {
    const quota = {
      message: "You exceeded your current quota",
      type: "insufficient_quota",
      code: "insufficient_quota",
    };
    const { kind, message } = openai.classify(429, { error: quota });
    expect(kind).toBe("upstream_denied");
    expect(message).toContain("out of credit");
    expect(openai.classify(429, { error: { ...said, code: "rate_limit_exceeded" } }).kind).toBe(
      "upstream_rate_limited",
    );
  });

  test("nothing of a refused credential is passed on", () => {
    const error = {
      message: "Incorrect API key provided: sk-ab***yz.",
      type: "t",
      code: "invalid_api_key",
      param: "p",
    };
    for (const status of [401, 402, 403]) {
      expect(JSON.stringify(openai.classify(status, { error }))).not.toMatch(/sk-|\*\*\*|invalid_api_key/);
    }
  });

  test.each([
    ["Incorrect API key provided: sk-proj-abc123***", "Incorrect API key provided: [redacted]"],
    ["Limit reached in organization org-AbC123xyz on requests", "Limit reached in organization [redacted] on requests"],
    ["Bad header: Bearer abc.def-ghi", "Bad header: [redacted]"],
    ["The key-value pairs of org-level settings are wrong", "The key-value pairs of org-level settings are wrong"],
    ["max_tokens is too large: 99999", "max_tokens is too large: 99999"],
  ])("what looks like a credential or an account is cut out of other errors: %s", (message, seen) => {
    expect(openai.classify(400, { error: { message } }).message).toBe(seen);
    expect(openai.classify(503, { error: { message } }).message).toBe(seen);
  });

  test("a message without end is cut off", () => {
    expect(openai.classify(400, { error: { message: "x".repeat(100_000) } }).message).toHaveLength(2000);
  });
});

describe("Anthropic", () => {
  const error = (type: string, fields: object = {}) => ({
    type: "error",
    error: { type, message: "Said by the vendor.", ...fields },
    request_id: "req_1",
  });

  test.each([
    [400, "invalid_request_error", "upstream_rejected"],
    [401, "authentication_error", "upstream_denied"],
    [402, "billing_error", "upstream_denied"],
    [403, "permission_error", "upstream_denied"],
    [404, "not_found_error", "upstream_rejected"],
    [413, "request_too_large", "upstream_rejected"],
    [429, "rate_limit_error", "upstream_rate_limited"],
    [500, "api_error", "upstream_unavailable"],
    [504, "timeout_error", "upstream_timeout"],
    [529, "overloaded_error", "upstream_unavailable"],
  ])("%d %s is %s", (status, type, kind) => {
    expect(anthropic.classify(status, error(type)).kind).toBe(kind);
  });

  test("a rejected request's error is passed on, with the code that names its cause", () => {
    const details = { error_code: "tool_name_conflict" };
    expect(anthropic.classify(400, error("invalid_request_error", { details }))).toEqual({
      kind: "upstream_rejected",
      message: "Said by the vendor.",
      type: "invalid_request_error",
      code: "tool_name_conflict",
    });
    expect(anthropic.classify(404, error("not_found_error"))).toMatchObject({ type: "not_found_error", code: null });
  });

  test.each([
    [400, "invalid_request_error", { message: "Your credit balance is too low to access the Anthropic API." }],
    [400, "billing_error", {}],
    [429, "rate_limit_error", { details: { error_code: "enforced_spend_limit_reached" } }],
  ])("%d %s %j is an account without credit", (status, type, fields) => {
    const classified = anthropic.classify(status, error(type, fields));
    expect(classified.kind).toBe("upstream_denied");
    expect(classified.message).toContain("out of credit");
  });

  test("a body that is none of Anthropic's", () => {
    expect(anthropic.classify(502, "<html>bad gateway</html>")).toEqual({
      kind: "upstream_unavailable",
      message: undefined,
    });
    expect(anthropic.classify(400, { message: "No." })).toMatchObject({ kind: "upstream_rejected", message: "No." });
  });
});
