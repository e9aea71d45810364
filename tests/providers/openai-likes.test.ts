import { describe, expect, test } from "vitest";
import { changed, targetOf, typeOf } from "@/tests/providers/likes";

const nothing = { set: {}, out: [], dropped: [] };
const hello = { model: "name", messages: [{ role: "user", content: "Hello" }] };

/** Every type that takes a chat request's bytes, but for small changes. */
const LIKES = [
  ...["openai", "azure", "groq", "mistral", "deepseek", "xai", "together", "fireworks", "openrouter", "perplexity"],
  ...["cerebras", "sambanova", "deepinfra", "minimax", "moonshot", "dashscope", "zhipu", "nvidia", "nebius", "novita"],
  ...["siliconflow", "baseten", "github-models", "databricks", "cloudflare-workers-ai", "vllm", "lmstudio", "llamacpp"],
  ...["huggingface", "ollama-openai"],
];

describe("a plain request", () => {
  test.each(LIKES)("passes to %s as it is", (id) => {
    const body = { ...hello, stream: true, temperature: 0.5, tools: [{ type: "function", function: { name: "f" } }] };
    const { tools: _tools, ...plain } = body;
    expect(changed(id, id === "perplexity" ? plain : body)).toEqual(nothing);
  });

  test("passes to a server of which nothing is known whatever it holds", () => {
    const { chat } = typeOf("openai-compatible");
    expect(chat).toMatchObject({ kind: "native", streamUsage: true });
    expect(chat).not.toHaveProperty("change");
    expect(chat).not.toHaveProperty("keeps");
  });

  test.each([
    ["openai", "https://api.openai.com/v1/chat/completions"],
    ["groq", "https://api.groq.com/openai/v1/chat/completions"],
    ["mistral", "https://api.mistral.ai/v1/chat/completions"],
    ["perplexity", "https://api.perplexity.ai/chat/completions"],
    ["deepinfra", "https://api.deepinfra.com/v1/openai/chat/completions"],
    ["zhipu", "https://api.z.ai/api/paas/v4/chat/completions"],
    ["github-models", "https://models.github.ai/inference/chat/completions"],
    ["huggingface", "https://router.huggingface.co/v1/chat/completions"],
    ["dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"],
  ])("to %s goes to %s", (id, url) => {
    const { chat } = typeOf(id);
    expect(chat?.kind === "native" && chat.url(targetOf(id), { stream: false })).toBe(url);
  });
});

describe("what a vendor has not", () => {
  const lists: [string, string[]][] = [
    ["groq", ["logprobs", "top_logprobs", "logit_bias", "store", "verbosity"]],
    ["mistral", ["logprobs", "logit_bias", "user", "store", "service_tier"]],
    ["deepseek", ["logit_bias", "seed", "parallel_tool_calls", "store"]],
    ["xai", ["logit_bias", "verbosity"]],
    ["perplexity", ["tools", "tool_choice", "logprobs", "seed", "user"]],
    ["cerebras", ["frequency_penalty", "presence_penalty", "logit_bias"]],
    ["sambanova", ["logprobs", "presence_penalty", "seed"]],
    ["minimax", ["presence_penalty", "logit_bias", "seed"]],
    ["moonshot", ["logit_bias", "seed"]],
    ["zhipu", ["logit_bias", "seed", "parallel_tool_calls"]],
    ["llamacpp", ["user", "prediction", "web_search_options"]],
  ];
  test.each(lists)("%s is not sent, and that is said", (id, names) => {
    const body = { ...hello, ...Object.fromEntries(names.map((name) => [name, name === "user" ? "me" : 1])) };
    const { out, dropped } = changed(id, body);
    expect(out).toEqual(names.toSorted());
    expect(dropped).toEqual(names.toSorted());
  });

  test("nothing is lost with a null", () => {
    expect(changed("groq", { ...hello, logprobs: null, store: null })).toEqual({
      set: {},
      out: ["logprobs", "store"],
      dropped: [],
    });
  });

  test.each(["openai", "openrouter", "azure"])("%s has all of it", (id) => {
    const body = { ...hello, store: true, verbosity: "low", prediction: {}, logit_bias: {}, n: 2, user: "me" };
    expect(changed(id, body, "gpt-4.1")).toEqual(nothing);
  });

  test.each(["groq", "deepseek", "cerebras", "perplexity"])("%s gives one answer", (id) => {
    expect(changed(id, { ...hello, n: 1 })).toEqual({ set: {}, out: ["n"], dropped: [] });
    expect(changed(id, { ...hello, n: 2 })).toEqual({ set: {}, out: ["n"], dropped: ["n"] });
  });

  test("a vendor that tells the usage unasked is not asked", () => {
    for (const id of ["mistral", "perplexity", "zhipu"]) {
      expect(typeOf(id).chat).toMatchObject({ streamUsage: false });
      expect(changed(id, { ...hello, stream_options: { include_usage: true } })).toEqual({
        set: {},
        out: ["stream_options"],
        dropped: [],
      });
    }
  });
});

describe("names", () => {
  test.each([
    ["deepseek", "max_completion_tokens", "max_tokens"],
    ["mistral", "max_completion_tokens", "max_tokens"],
    ["mistral", "seed", "random_seed"],
    ["together", "max_completion_tokens", "max_tokens"],
    ["cerebras", "max_tokens", "max_completion_tokens"],
    ["minimax", "max_tokens", "max_completion_tokens"],
  ])("%s calls %s %s", (id, from, to) => {
    const { set, out, dropped } = changed(id, { ...hello, [from]: 7 });
    expect(set).toMatchObject({ [to]: 7 });
    expect(out).toEqual([from]);
    expect(dropped).toEqual([]);
    expect(changed(id, { ...hello, [from]: 7, [to]: 9 }).set).not.toHaveProperty(to);
  });
});

describe("OpenAI's models", () => {
  test.each(["o3-mini", "o1", "gpt-5", "gpt-5-mini", "gpt-5.2", "ft:o4-mini:acme", "codex-mini-latest", "gpt-10"])(
    "%s counts its reasoning among the completion's tokens",
    (model) => {
      expect(changed("openai", { ...hello, max_tokens: 5 }, model)).toEqual({
        set: { max_completion_tokens: 5 },
        out: ["max_tokens"],
        dropped: [],
      });
    },
  );

  test.each(["gpt-4o", "gpt-4.1-mini", "gpt-3.5-turbo", "gpt-5-chat-latest", "chatgpt-4o-latest", "omni-1"])(
    "%s takes what it always took",
    (model) => {
      expect(changed("openai", { ...hello, max_tokens: 5, temperature: 0.2, top_p: 1, logprobs: true }, model)).toEqual(
        nothing,
      );
    },
  );

  test("one that reasons refuses to be told how to draw", () => {
    const body = { ...hello, temperature: 0.2, top_p: 0.9, presence_penalty: 1 };
    const lost = ["presence_penalty", "temperature", "top_p"];
    for (const model of ["o3", "gpt-5", "gpt-5-nano"])
      expect(changed("openai", body, model)).toEqual({ set: {}, out: lost, dropped: lost });
    expect(changed("openai", { ...hello, temperature: 1 }, "o3")).toEqual(nothing);
  });

  test("from gpt-5.1 on only while it reasons", () => {
    const body = { ...hello, temperature: 0.2 };
    expect(changed("openai", body, "gpt-5.2")).toEqual(nothing);
    expect(changed("openai", { ...body, reasoning_effort: "none" }, "gpt-5.2")).toEqual(nothing);
    expect(changed("openai", { ...body, reasoning_effort: "low" }, "gpt-5.2").dropped).toEqual(["temperature"]);
  });
});

describe("messages", () => {
  const developer = { ...hello, messages: [{ role: "developer", content: "Be brief." }, ...hello.messages] };
  const keepers = ["openai", "azure", "groq", "xai", "openrouter", "github-models", "vllm", "llamacpp"];

  test.each(LIKES)("%s: a developer's word is said in a role that the vendor knows", (id) => {
    const { set } = changed(id, developer);
    if (keepers.includes(id)) expect(set).not.toHaveProperty("messages");
    else expect(set.messages).toEqual([{ role: "system", content: "Be brief." }, ...hello.messages]);
  });

  const thought = (fields: object) => ({
    messages: [...hello.messages, { role: "assistant", content: "Hi", ...fields }, ...hello.messages],
  });
  test.each([
    ["groq", "reasoning_content", { reasoning: "hm" }],
    ["cerebras", "reasoning_content", { reasoning: "hm" }],
    ["openrouter", "reasoning_content", { reasoning: "hm" }],
    ["deepseek", "reasoning", { reasoning_content: "hm" }],
    ["moonshot", "reasoning", { reasoning_content: "hm" }],
    ["vllm", "reasoning_content", { reasoning: "hm", reasoning_content: "hm" }],
    ["minimax", "reasoning", { reasoning_content: "hm" }],
  ])("%s has the model's %s back as it calls it", (id, name, fields) => {
    const { set } = changed(id, { model: "name", ...thought({ [name]: "hm" }) });
    expect(set).toMatchObject(thought(fields));
    if (!("reasoning_content" in fields)) expect(JSON.stringify(set.messages)).not.toContain("reasoning_content");
    expect(typeOf(id).chat).toMatchObject({ keeps: expect.arrayContaining(["reasoning_content"]) });
  });

  test("reasoning goes back under no other name, and its details to those who take them", () => {
    const body = thought({ reasoning: "hm", reasoning_content: "hm", reasoning_details: [{ type: "reasoning.text" }] });
    const said = (id: string) => JSON.stringify(changed(id, body).set.messages);
    expect(changed("deepseek", body).set).toEqual(thought({ reasoning_content: "hm" }));
    expect(changed("groq", body).set).toEqual(thought({ reasoning: "hm" }));
    expect(changed("openai", body, "gpt-4.1").set).toEqual(thought({}));
    expect(said("openrouter")).toContain("reasoning_details");
    expect(changed("deepseek", thought({ reasoning_content: "hm" }))).toEqual(nothing);
  });

  test("who takes no reasoning back keeps none", () => {
    for (const id of ["openai", "mistral", "perplexity"]) expect(typeOf(id).chat).toMatchObject({ keeps: [] });
  });

  test("a speaker's name is left out where it is refused", () => {
    const body = {
      messages: [
        { role: "user", content: "a", name: "Ann" },
        { role: "tool", content: "b", name: "f", tool_call_id: "1" },
      ],
    };
    expect(changed("groq", body)).toEqual({
      set: { messages: [{ role: "user", content: "a" }, body.messages[1]] },
      out: [],
      dropped: ["messages.name"],
    });
    expect(changed("openai", body)).toEqual(nothing);
  });

  test.each([
    ["mistral", "prefix"],
    ["moonshot", "partial"],
  ])("%s is told of a beginning to continue", (id, flag) => {
    const started = { role: "assistant", content: "Once" };
    expect(changed(id, { messages: [...hello.messages, started] }).set).toEqual({
      messages: [...hello.messages, { ...started, [flag]: true }],
    });
    expect(changed(id, hello)).toEqual(nothing);
    expect(changed(id, { messages: [...hello.messages, { ...started, tool_calls: [{ id: "abcdefghi" }] }] })).toEqual(
      nothing,
    );
  });

  test("what a tool gave beside text follows in a message of the user's, behind the run of tool messages", () => {
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
    const tools = [
      { role: "tool", tool_call_id: "1", content: [{ type: "text", text: "Seen:" }, image] },
      { role: "tool", tool_call_id: "2", content: [image] },
      { role: "tool", tool_call_id: "3", content: "ok" },
    ];
    const { set, dropped } = changed("openai", { messages: [...tools, { role: "user", content: "And?" }] }, "gpt-4.1");
    expect(dropped).toEqual([]);
    expect(set.messages).toEqual([
      { role: "tool", tool_call_id: "1", content: [{ type: "text", text: "Seen:" }] },
      { role: "tool", tool_call_id: "2", content: "The result is in the user's next message." },
      tools[2],
      {
        role: "user",
        content: [{ type: "text", text: "Result of 1:" }, image, { type: "text", text: "Result of 2:" }, image],
      },
      { role: "user", content: "And?" },
    ]);
  });

  test("Mistral has ids, sound and documents of its own, the same each time", () => {
    const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
    const content = [
      { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
      { type: "file", file: { file_data: "data:application/pdf;base64,BB==", filename: "a.pdf" } },
      { type: "file", file: { file_id: "f1" } },
    ];
    const body = {
      messages: [
        { role: "user", content },
        { role: "assistant", content: null, refusal: null, tool_calls: [call("call_abc"), call("D681PevKs")] },
        { role: "tool", tool_call_id: "call_abc", content: "1" },
        { role: "tool", tool_call_id: "D681PevKs", content: "2" },
      ],
    };
    const { set } = changed("mistral", body);
    expect(set).toEqual(changed("mistral", body).set);
    const text = JSON.stringify(set.messages);
    const id = /"tool_call_id":"([^"]+)","content":"1"/.exec(text)?.[1] ?? "";
    expect(id).toMatch(/^[a-z0-9]{9}$/);
    expect(set.messages).toEqual([
      {
        role: "user",
        content: [
          { type: "input_audio", input_audio: "AA==" },
          { type: "document_url", document_url: "data:application/pdf;base64,BB==", document_name: "a.pdf" },
          { type: "file", file_id: "f1" },
        ],
      },
      { role: "assistant", content: null, tool_calls: [call(id), call("D681PevKs")] },
      { role: "tool", tool_call_id: id, content: "1" },
      { role: "tool", tool_call_id: "D681PevKs", content: "2" },
    ]);
  });
});

describe("reasoning, schemas, tools and ranges", () => {
  test.each([
    ["deepseek", "high", { thinking: { type: "enabled" } }, []],
    ["deepseek", "none", { thinking: { type: "disabled" } }, []],
    ["zhipu", "low", { thinking: { type: "enabled" } }, ["reasoning_effort"]],
    ["zhipu", "none", { thinking: { type: "disabled" } }, []],
    ["moonshot", "none", { thinking: { type: "disabled" } }, []],
    ["minimax", "high", { thinking: { type: "adaptive" } }, ["reasoning_effort"]],
    ["dashscope", "none", { enable_thinking: false }, []],
    ["dashscope", "high", { enable_thinking: true }, []],
  ])("%s: an effort of %s", (id, reasoning_effort, set, dropped) => {
    const made = changed(id, { ...hello, reasoning_effort });
    expect(made.set).toMatchObject(set);
    expect(made.dropped).toEqual(dropped);
  });

  test.each([
    ["openai", "gpt-4o", "low", { told: undefined, dropped: ["reasoning_effort"] }],
    ["openai", "gpt-5-chat-latest", "low", { told: undefined, dropped: ["reasoning_effort"] }],
    ["openai", "gpt-5.2", "low", { told: undefined, dropped: [] }],
    ["groq", "llama-3.3-70b-versatile", "low", { told: undefined, dropped: ["reasoning_effort"] }],
    ["groq", "openai/gpt-oss-120b", "low", { told: undefined, dropped: [] }],
    ["groq", "qwen/qwen3-32b", "low", { told: "default", dropped: [] }],
    ["groq", "qwen/qwen3-32b", "none", { told: undefined, dropped: [] }],
    ["mistral", "mistral-small-latest", "low", { told: "high", dropped: [] }],
    ["mistral", "mistral-small-2603", "none", { told: undefined, dropped: [] }],
    ["mistral", "mistral-small-2506", "low", { told: undefined, dropped: ["reasoning_effort"] }],
    ["mistral", "codestral-latest", "low", { told: undefined, dropped: ["reasoning_effort"] }],
    ["cerebras", "gpt-oss-120b", "low", { told: undefined, dropped: [] }],
    ["cerebras", "llama-3.3-70b", "low", { told: undefined, dropped: ["reasoning_effort"] }],
    ["github-models", "openai/gpt-4.1", "low", { told: undefined, dropped: ["reasoning_effort"] }],
    ["github-models", "openai/o4-mini", "low", { told: undefined, dropped: [] }],
  ])("%s: %s is told an effort of %s as %j", (id, model, reasoning_effort, { told, dropped }) => {
    const made = changed(id, { ...hello, reasoning_effort }, model);
    expect(made.set.reasoning_effort).toBe(told);
    expect(made.dropped).toEqual(dropped);
  });

  test.each([
    ["grok-4", ["reasoning_effort", "stop"]],
    ["grok-4-fast-non-reasoning", ["reasoning_effort"]],
    ["grok-3-mini", ["stop"]],
    ["grok-4.3", ["stop"]],
    ["grok-3", ["reasoning_effort"]],
  ])("xAI's %s refuses %s", (model, lost) => {
    expect(changed("xai", { ...hello, reasoning_effort: "low", stop: ["a"] }, model).dropped).toEqual(lost);
  });

  test.each(["deepseek", "zhipu"])("%s is shown the schema that it cannot enforce", (id) => {
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const response_format = { type: "json_schema", json_schema: { name: "a", schema } };
    const { set, dropped } = changed(id, {
      messages: [{ role: "system", content: "S" }, ...hello.messages],
      response_format,
    });
    expect(set.response_format).toEqual({ type: "json_object" });
    expect(set.messages).toEqual([
      { role: "system", content: "S" },
      { role: "system", content: expect.stringContaining(JSON.stringify(schema)) },
      ...hello.messages,
    ]);
    expect(dropped).toEqual(["response_format.json_schema"]);
  });

  test.each([
    ["minimax", 0, 0.01],
    ["minimax", 1.5, 1],
    ["moonshot", 2, 1],
    ["zhipu", 1.2, 1],
  ])("%s: a temperature of %d is brought to %d, and that is said", (id, temperature, made) => {
    const { set, dropped } = changed(id, { ...hello, temperature });
    expect(set).toMatchObject({ temperature: made });
    expect(dropped).toEqual(["temperature"]);
  });

  test("how a tool is chosen, as far as the vendor can be told", () => {
    const named = { type: "function", function: { name: "f" } };
    expect(changed("zhipu", { ...hello, tool_choice: "auto" })).toEqual(nothing);
    expect(changed("zhipu", { ...hello, tool_choice: "required" }).dropped).toEqual(["tool_choice"]);
    expect(changed("zhipu", { ...hello, tool_choice: named }).dropped).toEqual(["tool_choice"]);
    expect(changed("dashscope", { ...hello, tool_choice: named })).toEqual(nothing);
    expect(changed("dashscope", { ...hello, tool_choice: "required" }).dropped).toEqual(["tool_choice"]);
  });

  test("Z.ai takes one stop sequence, and a user by its own name", () => {
    expect(changed("zhipu", { ...hello, stop: ["a", "b"] })).toEqual({
      set: { stop: ["a"] },
      out: [],
      dropped: ["stop"],
    });
    expect(changed("zhipu", { ...hello, stop: "a" })).toEqual({ set: { stop: ["a"] }, out: [], dropped: [] });
    expect(changed("zhipu", { ...hello, user: "user-1" })).toEqual({
      set: { user_id: "user-1" },
      out: ["user"],
      dropped: [],
    });
    expect(changed("zhipu", { ...hello, user: "me" })).toEqual({ set: {}, out: ["user"], dropped: ["user"] });
  });

  test("Kimi's newer models draw one way alone", () => {
    expect(changed("moonshot", { ...hello, temperature: 0.6 }, "kimi-k2.5").dropped).toEqual(["temperature"]);
    expect(changed("moonshot", { ...hello, temperature: 0.6 }, "kimi-k2-0905-preview")).toEqual(nothing);
  });
});

describe("other dialects that an upstream speaks itself", () => {
  test.each([
    ["deepseek", "https://api.deepseek.com/anthropic/v1/messages"],
    ["moonshot", "https://api.moonshot.ai/anthropic/v1/messages"],
    ["minimax", "https://api.minimax.io/anthropic/v1/messages"],
    ["zhipu", "https://api.z.ai/api/anthropic/v1/messages"],
    ["dashscope", "https://dashscope-intl.aliyuncs.com/apps/anthropic/v1/messages"],
    ["deepinfra", "https://api.deepinfra.com/anthropic/v1/messages"],
    ["openrouter", "https://openrouter.ai/api/v1/messages"],
    ["fireworks", "https://api.fireworks.ai/inference/v1/messages"],
  ])("%s: Anthropic's, at %s", (id, url) => {
    const native = typeOf(id).native?.messages;
    expect(native?.url(targetOf(id), { stream: true })).toBe(url);
    expect(native?.headers?.(targetOf(id), {})).toEqual({ "anthropic-version": "2023-06-01" });
    const caller = { "anthropic-version": "2024-01-01", "anthropic-beta": ["a", "b"] };
    expect(native?.headers?.(targetOf(id), caller)).toEqual({
      "anthropic-version": "2024-01-01",
      "anthropic-beta": "a,b",
    });
  });

  test("Databricks: Anthropic's for Claude alone", () => {
    const native = typeOf("databricks").native?.messages;
    const target = targetOf("databricks", {
      baseUrl: "https://a.example/serving-endpoints",
      model: "databricks-claude-sonnet-4-5",
    });
    expect(native?.url(target, { stream: false })).toBe("https://a.example/serving-endpoints/anthropic/v1/messages");
    expect(native?.serves?.(target)).toBe(true);
    expect(native?.serves?.({ ...target, model: "databricks-llama-4-maverick" })).toBe(false);
  });

  test("an address of the admin's keeps its own path", () => {
    const target = targetOf("deepseek", { baseUrl: "https://proxy.example/deepseek/v1" });
    expect(typeOf("deepseek").native?.messages?.url(target, { stream: false })).toBe(
      "https://proxy.example/deepseek/anthropic/v1/messages",
    );
  });

  test("responses are native only where the vendor keeps their state", () => {
    const native = LIKES.filter((id) => typeOf(id).native?.responses);
    expect(native).toEqual(["openai", "azure", "xai"]);
  });
});

describe("errors of their own", () => {
  test.each([
    [
      "xai",
      400,
      { code: "Client specified an invalid argument", error: "Incorrect API key provided: xa***9." },
      "upstream_denied",
    ],
    ["xai", 400, { code: "invalid", error: "No such model." }, "upstream_rejected"],
    ["minimax", 200, { base_resp: { status_code: 1008, status_msg: "insufficient balance" } }, "upstream_denied"],
    ["minimax", 200, { base_resp: { status_code: 1004, status_msg: "no" } }, "upstream_denied"],
    ["minimax", 200, { base_resp: { status_code: 1002, status_msg: "slow" } }, "upstream_rate_limited"],
    ["zhipu", 429, { error: { code: "1113", message: "Insufficient balance" } }, "upstream_denied"],
    ["zhipu", 429, { error: { code: "1302", message: "Too fast" } }, "upstream_rate_limited"],
    ["zhipu", 400, { error: { code: "1301", message: "Unsafe" } }, "upstream_rejected"],
    ["deepseek", 402, { error: { message: "Insufficient Balance" } }, "upstream_denied"],
    ["cloudflare-workers-ai", 400, { errors: [{ message: "bad" }], success: false }, "upstream_rejected"],
  ])("%s: %d %j", (id, status, body, kind) => {
    const classified = typeOf(id).classify(status, body);
    expect(classified.kind).toBe(kind);
    expect(JSON.stringify(classified)).not.toContain("***9");
  });

  test.each([
    ["cloudflare-workers-ai", { errors: [{ code: 5007, message: "No such model" }], success: false }, "No such model"],
    [
      "mistral",
      { object: "error", message: { detail: [{ loc: ["body", "x"], msg: "Extra inputs" }] } },
      "Extra inputs",
    ],
    ["mistral", { object: "error", message: "Expected last role User", type: "t" }, "Expected last role User"],
    ["nvidia", { status: 400, title: "Bad Request", detail: "Too long" }, "Too long"],
    ["databricks", { error_code: "BAD_REQUEST", message: "Bad" }, "Bad"],
  ])("%s: the message is found in %j", (id, body, message) => {
    expect(typeOf(id).classify(400, body)).toMatchObject({ kind: "upstream_rejected", message });
  });

  test.each([
    [
      "openrouter",
      403,
      { error: { code: 403, message: "Flagged", metadata: { reasons: ["violence"] } } },
      "upstream_rejected",
    ],
    ["openrouter", 403, { error: { code: 403, message: "No auth" } }, "upstream_denied"],
    ["xai", 403, { code: "c", error: "Content violates usage guidelines." }, "upstream_rejected"],
    ["groq", 498, { error: { message: "Flex tier capacity exceeded" } }, "upstream_unavailable"],
  ])("%s: %d is told apart: %j", (id, status, body, kind) => {
    expect(typeOf(id).classify(status, body).kind).toBe(kind);
  });

  test("what Z.ai's filter refuses has OpenAI's code for it", () => {
    expect(typeOf("zhipu").classify(400, { error: { code: "1301", message: "Unsafe" } }).code).toBe("content_filter");
  });
});
