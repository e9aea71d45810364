import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type TestDatabase, testDatabase } from "@/tests/support/database";
import { type Gateway, type Mount, startGateway } from "@/tests/support/gateway";
import { json, startUpstream, type Upstream } from "@/tests/support/upstream";

/** Virtual keys that the fixture's conduit.json declares. */
export const keys = {
  /** May use every model. */
  caller: "condt_caller_0123456789abcdefghijklmnopqrstuv",
  /** May use `plain` only. */
  narrow: "condt_narrow_0123456789abcdefghijklmnopqrstuv",
  /** Its time is over. */
  expired: "condt_expired_0123456789abcdefghijklmnopqrstu",
  /** One call at a time. */
  single: "condt_single_0123456789abcdefghijklmnopqrstuv",
  /** For tests that change it in the database. */
  spare: "condt_spare_0123456789abcdefghijklmnopqrstuvw",
} as const;

/** The operator's credentials with the vendors; no caller, log or answer may ever show one. */
export const credentials = {
  plain: "sk-operator-plain-8f27d1c3e5",
  foreign: "sk-ant-operator-foreign-55b0a9d2c4",
} as const;

/** What `plain` and `foreign` cost, in nano-dollars a token. */
const prices = { inputNano: 1_000n, cachedInputNano: 250n, outputNano: 4_000n } as const;

const price = { inputPerMillion: 1, outputPerMillion: 4, cachedInputPerMillion: 0.25 };

/** The fixture's conduit.json: `plain` speaks OpenAI's dialect natively, `foreign` is translated, `hidden` is for few. */
export function configFor(upstreamUrl: string) {
  const provider = (name: string, type: string, apiKey: string) => ({
    name,
    type,
    baseUrl: `${upstreamUrl}/v1`,
    allowPrivateNetwork: true,
    keys: [{ name: "main", apiKey }],
  });
  const model = (name: string, of: string, upstreamModel: string) => ({
    name,
    deployments: [{ provider: of, model: upstreamModel, price }],
  });
  return {
    providers: [
      { ...provider("vendor", "openai-compatible", credentials.plain), headers: { "x-from-operator": "yes" } },
      provider("foreign-vendor", "anthropic", credentials.foreign),
    ],
    models: [
      model("plain", "vendor", "vendor-model-1"),
      model("foreign", "foreign-vendor", "foreign-model-1"),
      model("hidden", "vendor", "vendor-model-2"),
    ],
    virtualKeys: [
      { name: "caller", key: keys.caller, models: ["*"] },
      { name: "narrow", key: keys.narrow, models: ["plain"] },
      { name: "expired", key: keys.expired, models: ["*"], expiresAt: "2020-01-01T00:00:00Z" },
      { name: "single", key: keys.single, models: ["*"], limits: { concurrent: 1 } },
      { name: "spare", key: keys.spare, models: ["*"] },
    ],
  };
}

/** An app, its database and its vendor, as long as the tests of one `describe` run. */
export type Fixture = {
  upstream: Upstream;
  gateway: Gateway;
  database: TestDatabase;
  sql: pg.Pool;
  /** POSTs to a path of the app as `caller`, unless told otherwise. A text is sent as it is, an object as JSON. */
  post(path: string, body: object | string, options?: CallOptions): Promise<Response>;
  /** POSTs a chat completion. */
  chat(body: object | string, options?: CallOptions): Promise<Response>;
  /** GETs a path of the app as `caller`, unless told otherwise. */
  get(path: string, options?: CallOptions): Promise<Response>;
  /** The ledger's row for an answer, by its `x-request-id`; waits for it up to five seconds. */
  ledgerRow(answer: Response | string): Promise<LedgerRow>;
};

export type CallOptions = { key?: string | null; headers?: Record<string, string>; signal?: AbortSignal };

/** A row of `call`; bigints are bigints. */
export type LedgerRow = Record<string, unknown> & {
  status: number;
  error_kind: string | null;
  error_message: string | null;
  stream: boolean;
  input_tokens: bigint;
  cached_input_tokens: bigint;
  output_tokens: bigint;
  reasoning_tokens: bigint;
  cost_nano: bigint | null;
  estimated: boolean;
};

type Options = {
  env?: Record<string, string>;
  config?: (upstreamUrl: string) => object;
  /** Makes the URL that the app gets from the database's own. */
  databaseUrl?: (url: string) => string | Promise<string>;
};

/** Starts app, database and vendor before the tests of this `describe` and ends them after; call it inside a test. */
export function useGateway(mount: Mount, options: Options = {}): () => Fixture {
  let fixture: Fixture | undefined;
  const running = (): Fixture => {
    if (!fixture) throw new Error("The fixture exists only while tests run.");
    return fixture;
  };
  beforeAll(async () => {
    fixture = await startFixture(mount, options);
  });
  beforeEach(() => running().upstream.on("/v1/chat/completions", json(completion())));
  afterAll(async () => {
    await fixture?.gateway.stop();
    await fixture?.sql.end();
    await Promise.all([fixture?.upstream.stop(), fixture?.database.stop()]);
  });
  return running;
}

async function startFixture(
  mount: Mount,
  { env, config = configFor, databaseUrl = (url) => url }: Options,
): Promise<Fixture> {
  const [database, upstream] = await Promise.all([testDatabase(), startUpstream()]);
  const gateway = await startGateway({
    mount,
    databaseUrl: await databaseUrl(database.url),
    config: config(upstream.url),
    ...(env && { env }),
  }).catch(async (error: unknown) => {
    await Promise.all([database.stop(), upstream.stop()]);
    throw error;
  });
  const sql = new pg.Pool({ connectionString: database.url, max: 2, types: { getTypeParser } });
  // The database is dropped with force at the end, which a connection that is being closed may still notice.
  sql.on("error", () => undefined);
  const request = (
    method: string,
    path: string,
    { key = keys.caller, headers = {}, signal }: CallOptions,
    body?: string,
  ) =>
    fetch(gateway.url + path, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
  const post: Fixture["post"] = (path, body, callOptions = {}) =>
    request("POST", path, callOptions, typeof body === "string" ? body : JSON.stringify(body));
  return {
    upstream,
    gateway,
    database,
    sql,
    post,
    chat: (body, callOptions) => post("/v1/chat/completions", body, callOptions),
    get: (path, callOptions = {}) => request("GET", path, callOptions),
    ledgerRow: (answer) =>
      ledgerRow(sql, typeof answer === "string" ? answer : (answer.headers.get("x-request-id") ?? "")),
  };
}

function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  if (oid === pg.types.builtins.INT8) return BigInt;
  return pg.types.getTypeParser(oid, format ?? "text");
}

async function ledgerRow(sql: pg.Pool, requestId: string): Promise<LedgerRow> {
  const until = Date.now() + 5_000;
  for (;;) {
    const found = await sql.query<LedgerRow>("SELECT * FROM call WHERE request_id = $1", [requestId]);
    const [row, second] = found.rows;
    if (second) throw new Error(`The call ${requestId} is in the ledger twice.`);
    if (row) return row;
    if (Date.now() > until) throw new Error(`The call ${requestId} is not in the ledger.`);
    await sleep(50);
  }
}

/** A request for a chat completion of a model. */
export function chatRequest(model = "plain", more: object = {}): Record<string, unknown> {
  return { model, messages: [{ role: "user", content: "Hello?" }], ...more };
}

/** A whole answer as an OpenAI-like vendor gives it. */
export function completion(more: object = {}) {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_790_000_000,
    model: "vendor-model-1-2026-01-01",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Grüße, 世界 👋", refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 20,
      completion_tokens: 7,
      total_tokens: 27,
      prompt_tokens_details: { cached_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 3 },
    },
    ...more,
  };
}

/** A streamed answer's payloads, without the usage chunk: one a text. */
export function chunks(texts: readonly string[] = ["Grüße", ", ", "世界", " 👋"]): object[] {
  const chunk = (delta: object, finish: string | null = null) => ({
    id: "chatcmpl-2",
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model: "vendor-model-1-2026-01-01",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  return [chunk({ role: "assistant", content: "" }), ...texts.map((content) => chunk({ content })), chunk({}, "stop")];
}

/** The chunk that closes a stream when `stream_options.include_usage` was asked for. */
export function usageChunk() {
  const { usage } = completion();
  return {
    id: "chatcmpl-2",
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model: "vendor-model-1-2026-01-01",
    choices: [],
    usage,
  };
}

/** The tokens and cost that the ledger must hold for `completion()` or `usageChunk()`, whose classes overlap. */
export const expectedUsage = {
  input_tokens: 12n,
  cached_input_tokens: 8n,
  output_tokens: 4n,
  reasoning_tokens: 3n,
  cost_nano: 12n * prices.inputNano + 8n * prices.cachedInputNano + 7n * prices.outputNano,
  estimated: false,
} as const;
