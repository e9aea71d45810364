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
