import { describe, expect, test } from "vitest";
import { CURRENT, encodedMessages } from "@/tests/providers/anthropic";

const ephemeral = { type: "ephemeral" };

describe("instructions", () => {
  test("system and developer messages at the head become system blocks, in order and with their cache breakpoints", () => {
    const { system, turns } = encodedMessages([
      { role: "system", content: "Be brief." },
      { role: "developer", content: [{ type: "text", text: "Use French.", cache_control: ephemeral }] },
      { role: "system", content: "Rhyme.", cache_control: ephemeral },
      { role: "user", content: "Hi" },
    ]);
    expect(system).toEqual([
      { type: "text", text: "Be brief." },
      { type: "text", text: "Use French.", cache_control: ephemeral },
      { type: "text", text: "Rhyme.", cache_control: ephemeral },
    ]);
    expect(turns).toEqual([{ role: "user", content: [{ type: "text", text: "Hi" }] }]);
  });

  const later = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello." },
    { role: "developer", content: "From now on in French." },
    { role: "user", content: "How are you?" },
  ];

  test("later ones are said in the user's turn, marked as what they are", () => {
    expect(encodedMessages(later).turns).toEqual([
      { role: "user", content: [{ type: "text", text: "Hi" }] },
      { role: "assistant", content: [{ type: "text", text: "Hello." }] },
      {
        role: "user",
        content: [
          { type: "text", text: "<system>\nFrom now on in French.\n</system>" },
          { type: "text", text: "How are you?" },
        ],
      },
    ]);
  });

  test("later ones become a system turn behind the user's, where the model takes one", () => {
    expect(encodedMessages(later, CURRENT).turns).toEqual([
      { role: "user", content: [{ type: "text", text: "Hi" }] },
      { role: "assistant", content: [{ type: "text", text: "Hello." }] },
      { role: "user", content: [{ type: "text", text: "How are you?" }] },
      { role: "system", content: [{ type: "text", text: "From now on in French." }] },
    ]);
  });

  test("one after which the user says nothing takes the user's place", () => {
    expect(encodedMessages(later.slice(0, 3), CURRENT).turns).toEqual([
      { role: "user", content: [{ type: "text", text: "Hi" }] },
      { role: "assistant", content: [{ type: "text", text: "Hello." }] },
      { role: "user", content: [{ type: "text", text: "<system>\nFrom now on in French.\n</system>" }] },
    ]);
  });

  test("instructions alone are what the user says", () => {
    expect(encodedMessages([{ role: "system", content: "Tell a joke." }])).toEqual({
      system: undefined,
      turns: [{ role: "user", content: [{ type: "text", text: "Tell a joke." }] }],
    });
  });
});

describe("content", () => {
  test("texts and images by URL and data URL, with cache breakpoints", () => {
    const { turns } = encodedMessages([
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: "https://example.com/a.png", detail: "high" } },
          { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0=" }, cache_control: ephemeral },
          { type: "image_url", image_url: { url: "data:image/jpg;base64,/9j/" } },
        ],
      },
    ]);
    expect(turns).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
          {
            type: "image",
            source: { type: "base64", media_type: "image/png", data: "iVBORw0=" },
            cache_control: ephemeral,
          },
          { type: "image", source: { type: "base64", media_type: "image/jpeg", data: "/9j/" } },
        ],
      },
    ]);
  });

  test.each([
    [
      "a PDF by data URL",
      { file_data: "data:application/pdf;base64,JVBERi0=", filename: "report.pdf" },
      {
        type: "document",
        source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
        title: "report.pdf",
      },
    ],
    [
      "bare base64, which is a PDF",
      { file_data: "JVBERi0=" },
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" } },
    ],
    [
      "a text",
      { file_data: `data:text/plain;base64,${Buffer.from("Grüße").toString("base64")}` },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "Grüße" } },
    ],
    [
      "a text that is not base64",
      { file_data: "data:text/markdown;charset=utf-8,100%25 gr%C3%BCn" },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "100% grün" } },
    ],
    ["an uploaded file", { file_id: "file_011" }, { type: "document", source: { type: "file", file_id: "file_011" } }],
    [
      "a file by URL",
      { file_data: "https://example.com/a.pdf" },
      { type: "document", source: { type: "url", url: "https://example.com/a.pdf" } },
    ],
    [
      "an image",
      { file_data: "data:image/webp;base64,UklGRg==" },
      { type: "image", source: { type: "base64", media_type: "image/webp", data: "UklGRg==" } },
    ],
  ])("a file part with %s", (_name, file, block) => {
    expect(encodedMessages([{ role: "user", content: [{ type: "file", file }] }]).turns).toEqual([
      { role: "user", content: [block] },
    ]);
  });

  test("Anthropic's own blocks pass as they are", () => {
    const blocks = [
      { type: "search_result", source: "https://example.com", title: "A", content: [{ type: "text", text: "b" }] },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "c" }, citations: { enabled: true } },
      { type: "container_upload", file_id: "file_1" },
    ];
    expect(encodedMessages([{ role: "user", content: blocks }]).turns).toEqual([{ role: "user", content: blocks }]);
  });

  test("texts of white space alone and turns without content are left out; neighbours of one role become one turn", () => {
    const { system, turns } = encodedMessages([
      { role: "system", content: "  " },
      { role: "user", content: "a" },
      { role: "user", content: "" },
      { role: "assistant", content: null },
      { role: "assistant", content: "\n" },
      {
        role: "user",
        content: [
          { type: "text", text: " " },
          { type: "text", text: "b" },
        ],
      },
      { role: "assistant", content: "c" },
      { role: "assistant", content: [{ type: "text", text: "d" }] },
      { role: "user", content: "e" },
    ]);
    expect(system).toBeUndefined();
    expect(turns).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "text", text: "c" },
          { type: "text", text: "d" },
        ],
      },
      { role: "user", content: [{ type: "text", text: "e" }] },
    ]);
  });

  test("the beginning of an answer loses the white space at its end, other answers do not", () => {
    const { turns } = encodedMessages([
      { role: "user", content: "1" },
      { role: "assistant", content: "one \n" },
      { role: "user", content: "2" },
      { role: "assistant", content: "It is: \n" },
    ]);
    expect(turns).toMatchObject([
      {},
      { content: [{ text: "one \n" }] },
      {},
      { role: "assistant", content: [{ text: "It is:" }] },
    ]);
  });

  test("a message's cache breakpoint is put on its last block", () => {
    const { turns } = encodedMessages([
      { role: "user", content: "long", cache_control: ephemeral },
      { role: "assistant", content: "ok" },
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
        cache_control: { type: "ephemeral", ttl: "1h" },
      },
    ]);
    expect(turns).toEqual([
      { role: "user", content: [{ type: "text", text: "long", cache_control: ephemeral }] },
      { role: "assistant", content: [{ type: "text", text: "ok" }] },
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b", cache_control: { type: "ephemeral", ttl: "1h" } },
        ],
      },
    ]);
  });

  test("what the assistant refused to say is what it said", () => {
    const { turns } = encodedMessages([
      { role: "user", content: "a" },
      { role: "assistant", content: null, refusal: "I will not." },
      { role: "user", content: "b" },
      { role: "assistant", content: [{ type: "refusal", refusal: "No." }] },
      { role: "user", content: "c" },
    ]);
    expect(turns).toMatchObject([
      {},
      { content: [{ type: "text", text: "I will not." }] },
      {},
      { content: [{ text: "No." }] },
      {},
    ]);
  });
});

describe("tool calls and their results", () => {
  const call = (id: string, args: unknown) => ({ id, type: "function", function: { name: "f", arguments: args } });
  const conversation = (...args: unknown[]) => [
    { role: "user", content: "go" },
    { role: "assistant", content: null, tool_calls: args.map((arg, index) => call(`call_${index}`, arg)) },
  ];

  test.each([
    ["JSON", '{"a":1}', { a: 1 }],
    ["an empty text", "", {}],
    ["null", null, {}],
    ["nothing", undefined, {}],
    ["an object that was not made a text", { a: 1 }, { a: 1 }],
    ["JSON that was cut off", '{"a":', { INVALID_JSON: '{"a":' }],
    ["JSON that is no object", "[1]", { INVALID_JSON: "[1]" }],
  ])("arguments: %s", (_name, args, input) => {
    expect(encodedMessages(conversation(args)).turns).toEqual([
      { role: "user", content: [{ type: "text", text: "go" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "call_0", name: "f", input }] },
    ]);
  });

  test("parallel results are one user's turn, before what the user says then", () => {
    const { turns } = encodedMessages([
      ...conversation("{}", "{}"),
      { role: "tool", tool_call_id: "call_0", content: "sunny" },
      { role: "user", content: "Hurry up." },
      {
        role: "tool",
        tool_call_id: "call_1",
        content: [
          { type: "text", text: "see" },
          { type: "image_url", image_url: { url: "data:image/gif;base64,R0lG" } },
        ],
        cache_control: ephemeral,
      },
    ]);
    expect(turns).toMatchObject([{}, { role: "assistant" }, { role: "user" }]);
    expect(turns).toHaveProperty("2.content", [
      { type: "tool_result", tool_use_id: "call_0", content: "sunny" },
      {
        type: "tool_result",
        tool_use_id: "call_1",
        content: [
          { type: "text", text: "see" },
          { type: "image", source: { type: "base64", media_type: "image/gif", data: "R0lG" } },
        ],
        cache_control: ephemeral,
      },
      { type: "text", text: "Hurry up." },
    ]);
  });

  test("a result without content, and one that is an error", () => {
    const { turns } = encodedMessages([
      ...conversation("{}", "{}"),
      { role: "tool", tool_call_id: "call_0", content: "" },
      { role: "tool", tool_call_id: "call_1", content: "failed", is_error: true },
    ]);
    expect(turns).toHaveProperty("2.content", [
      { type: "tool_result", tool_use_id: "call_0" },
      { type: "tool_result", tool_use_id: "call_1", content: "failed", is_error: true },
    ]);
  });

  test("ids of other vendors are made to fit, the same way on both sides", () => {
    const { turns } = encodedMessages([
      { role: "user", content: "go" },
      { role: "assistant", tool_calls: [call("functions.f:0", "{}")] },
      { role: "tool", tool_call_id: "functions.f:0", content: "x" },
    ]);
    expect(turns).toMatchObject([
      {},
      { content: [{ id: "functions_f_0" }] },
      { content: [{ tool_use_id: "functions_f_0" }] },
    ]);
  });

  test("text comes before the calls, thinking before both; thinking that no one signed is left out", () => {
    const signed = { type: "thinking", thinking: "hm", signature: "sig" };
    const redacted = { type: "redacted_thinking", data: "opaque" };
    const { turns } = encodedMessages([
      { role: "user", content: "go" },
      {
        role: "assistant",
        content: "I look.",
        reasoning_content: "hm",
        thinking_blocks: [signed, redacted, { type: "thinking", thinking: "another vendor's" }],
        tool_calls: [call("call_0", "{}")],
      },
    ]);
    expect(turns).toHaveProperty("1.content", [
      signed,
      redacted,
      { type: "text", text: "I look." },
      { type: "tool_use", id: "call_0", name: "f", input: {} },
    ]);
  });
});
