import { expect, test } from "vitest";
import { isGatewayError } from "@/server/errors";
import { encoded } from "@/tests/providers/anthropic";

function failure(request: Record<string, unknown>): unknown {
  try {
    encoded(request);
  } catch (error) {
    return error;
  }
  return undefined;
}

const user = { role: "user", content: "a" };
const parts = (...content: unknown[]) => ({
  messages: [user, { role: "assistant", content: "b" }, { role: "user", content }],
});
const assistant = (fields: object) => ({ messages: [user, { role: "assistant", content: null, ...fields }] });

test.each([
  ["a part of an unknown type", parts({ type: "hologram" }), "messages.2.content.0.type"],
  ["a part without a type", parts({ text: "a" }), "messages.2.content.0.type"],
  [
    "audio, which Anthropic does not hear",
    parts({ type: "input_audio", input_audio: {} }),
    "messages.2.content.0.type",
  ],
  ["a part that is no object", parts("a"), "messages.2.content.0"],
  ["a text that is none", parts({ type: "text", text: "a" }, { type: "text", text: 3 }), "messages.2.content.1.text"],
  ["an image without a URL", parts({ type: "image_url", image_url: {} }), "messages.2.content.0.image_url.url"],
  [
    "a URL that leads nowhere",
    parts({ type: "image_url", image_url: { url: "a.png" } }),
    "messages.2.content.0.image_url.url",
  ],
  [
    "an image of an unknown format",
    parts({ type: "image_url", image_url: { url: "data:image/tiff;base64,AA" } }),
    "messages.2.content.0.image_url.url",
  ],
  ["a file without data", parts({ type: "file", file: {} }), "messages.2.content.0.file"],
  [
    "a file that Anthropic does not read",
    parts({ type: "file", file: { file_data: "data:application/zip;base64,AA" } }),
    "messages.2.content.0.file.file_data",
  ],
  ["content that is neither text nor parts", { messages: [{ role: "user", content: 7 }] }, "messages.0.content"],
  ["an unknown role", { messages: [user, { role: "robot", content: "a" }] }, "messages.1.role"],
  [
    "an image as an instruction",
    { messages: [{ role: "system", content: [{ type: "image_url" }] }, user] },
    "messages.0.content.0.type",
  ],
  ["an instruction without content", { messages: [{ role: "system" }, user] }, "messages.0.content"],
  ["a result for no call", { messages: [user, { role: "tool", content: "a" }] }, "messages.1.tool_call_id"],
  ["a call without an id", assistant({ tool_calls: [{ function: { name: "f" } }] }), "messages.1.tool_calls.0.id"],
  ["a call without a function", assistant({ tool_calls: [{ id: "1" }] }), "messages.1.tool_calls.0.function"],
  [
    "a call without a name",
    assistant({ tool_calls: [{ id: "1", function: { arguments: "{}" } }] }),
    "messages.1.tool_calls.0.function.name",
  ],
  ["calls that are no list", assistant({ tool_calls: {} }), "messages.1.tool_calls"],
  [
    "thinking of an unknown kind",
    assistant({ thinking_blocks: [{ type: "musing" }] }),
    "messages.1.thinking_blocks.0.type",
  ],
  ["a function tool without a function", { tools: [{ type: "function" }] }, "tools.0.function"],
  ["a function without a name", { tools: [{ type: "function", function: {} }] }, "tools.0.function.name"],
  [
    "parameters that are no schema",
    { tools: [{ type: "function", function: { name: "f", parameters: "none" } }] },
    "tools.0.function.parameters",
  ],
  ["a free-form tool", { tools: [{ type: "custom", custom: { name: "f" } }] }, "tools.0.type"],
  [
    "a choice of no tool",
    { tools: [{ type: "function", function: { name: "f" } }], tool_choice: { type: "function" } },
    "tool_choice",
  ],
  ["an effort that does not exist", { reasoning_effort: "heroic" }, "reasoning_effort"],
  [
    "a schema that is none",
    { response_format: { type: "json_schema", json_schema: { schema: 1 } } },
    "response_format.json_schema.schema",
  ],
  ["thinking that is no object", { thinking: "yes" }, "thinking"],
  ["output settings that are no object", { output_config: "json" }, "output_config"],
  ["a system prompt that is none", { system: 7 }, "system"],
])("%s is refused with the field's path", (_name, request, param) => {
  const error = failure(request);
  expect(isGatewayError(error)).toBe(true);
  expect(error).toMatchObject({ kind: "invalid_request", status: 400, param, message: expect.stringContaining(param) });
});
