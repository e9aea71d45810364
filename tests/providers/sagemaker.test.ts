import { expect, test } from "vitest";
import { sagemaker } from "@/server/providers/sagemaker";

const target = { baseUrl: sagemaker.baseUrl ?? "", model: "my-endpoint", headers: { "x-team": "a" }, options: {} };
if (sagemaker.chat?.kind !== "native") throw new Error("SageMaker's chat is OpenAI's.");
const { chat } = sagemaker;

test("the endpoint is the model, in the path and not in the body", () => {
  expect(chat.url(target, { stream: false })).toBe(
    "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/my-endpoint/invocations",
  );
  expect(chat.url({ ...target, options: { region: "eu-west-1" } }, { stream: true })).toBe(
    "https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/my-endpoint/invocations-response-stream",
  );
  expect(chat.framing).toBe("aws-sse");
  expect(chat.change?.({}, target, {}).fields).toEqual({ model: null });
});

test("one of several models behind an endpoint is a header, the name that a server wants a field", () => {
  const options = { inferenceComponent: "llama", servedModel: "meta/llama" };
  expect(chat.headers?.({ ...target, options }, {})).toEqual({
    "content-type": "application/json",
    "x-amzn-sagemaker-inference-component": "llama",
    "x-team": "a",
  });
  expect(chat.change?.({}, { ...target, options }, {}).fields).toEqual({ model: '"meta/llama"' });
});

const own = JSON.stringify({
  error: { message: "max_tokens is too large", type: "BadRequestError", param: "max_tokens" },
});

test.each([
  [
    424,
    { Message: "failed", OriginalStatusCode: 400, OriginalMessage: own },
    "upstream_rejected",
    "max_tokens is too large",
  ],
  [
    424,
    { Message: "failed", OriginalStatusCode: 500, OriginalMessage: "out of memory" },
    "upstream_unavailable",
    "out of memory",
  ],
  [400, { message: "Endpoint my-endpoint not found." }, "upstream_rejected", "Endpoint my-endpoint not found."],
  [429, { message: "Model is not ready." }, "upstream_rate_limited", "Model is not ready."],
])("%d %j is %s", (status, body, ...expected) => {
  const { kind, message } = sagemaker.classify(status, body);
  expect([kind, message]).toEqual(expected);
});

test("an error of the model's own server has that server's status", () => {
  const body = { Message: "failed", OriginalStatusCode: 422, OriginalMessage: '{"error":{"message":"no"}}' };
  expect(sagemaker.classify(424, body).status).toBe(422);
});
