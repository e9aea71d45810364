import { healthy } from "@/tests/failover/vendor";
import { eventsOf } from "@/tests/support/events";
import { credentials, type Fixture, keys } from "@/tests/support/fixture";
import type { Received, Scenario } from "@/tests/support/upstream";

const price = { inputPerMillion: 1, outputPerMillion: 4 };

/** Limits short enough for a test, and everything else as it is by default. */
export const environment = {
  CONDUIT_FIRST_BYTE_TIMEOUT_MS: "1000",
  CONDUIT_IDLE_TIMEOUT_MS: "1000",
  CONDUIT_TOTAL_TIMEOUT_MS: "20000",
  CONDUIT_RETRIES: "2",
  CONDUIT_BREAKERS: "on",
};

/** For each name a model, served by a provider of its own, that falls back to another model at another provider. */
export function pairs(names: readonly string[]) {
  return (upstreamUrl: string) => ({
    providers: names.flatMap((name) => [
      providerAt(upstreamUrl, `${name}-primary`, { keys: [{ name: "first", apiKey: credentials.plain }] }),
      providerAt(upstreamUrl, `${name}-spare`, { keys: [{ name: "second", apiKey: credentials.foreign }] }),
    ]),
    models: names.flatMap((name) => [
      {
        name,
        fallbacks: [`${name}-spare`],
        deployments: [{ provider: `${name}-primary`, model: "small-model", price }],
      },
      { name: `${name}-spare`, deployments: [{ provider: `${name}-spare`, model: "spare-model", price }] },
    ]),
    virtualKeys: [{ name: "caller", key: keys.caller, models: ["*"] }],
  });
}

/** A provider whose requests come to the path of its own name. */
export function providerAt(upstreamUrl: string, name: string, more: object = {}) {
  return {
    name,
    type: "openai-compatible",
    baseUrl: `${upstreamUrl}/${name}`,
    allowPrivateNetwork: true,
    ...more,
  };
}

/** What came to a provider, oldest first. */
export function received({ upstream }: Fixture, provider: string): readonly Received[] {
  return upstream.received.filter(({ path }) => path === `/${provider}/chat/completions`);
}

/** What a provider does from now on. */
export function plays({ upstream }: Fixture, provider: string, scenario: Scenario): void {
  upstream.on(`/${provider}/chat/completions`, scenario);
}

/** A primary that does this, and a spare one without faults. */
export function playPair(fixture: Fixture, name: string, primary: Scenario, spare: Scenario = healthy): void {
  plays(fixture, `${name}-primary`, primary);
  plays(fixture, `${name}-spare`, spare);
}

/** One answer, streamed or whole, as its caller has it. */
export type Got = {
  readonly status: number;
  readonly text: string;
  readonly model: string | undefined;
  readonly finish: string | undefined;
  readonly usage: { prompt_tokens: number; completion_tokens: number } | undefined;
  /** `[DONE]` came last, and no error event before. */
  readonly clean: boolean;
  readonly error: { message: string; code: string | null } | undefined;
  readonly tookMs: number;
  readonly response: Response;
};

/** Asks a model and reads the answer to its end; throws when a stream's chunks do not share one id. */
export async function ask(fixture: Fixture, model: string, stream: boolean, prompt = "Count."): Promise<Got> {
  const begun = performance.now();
  const body = {
    model,
    stream,
    ...(stream && { stream_options: { include_usage: true } }),
    messages: [{ role: "user", content: prompt }],
  };
  const response = await fixture.chat(body, { signal: AbortSignal.timeout(25_000) });
  const text = await response.text();
  const tookMs = performance.now() - begun;
  const base = { status: response.status, response, tookMs };
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) return { ...base, ...readStream(text) };
  const { model: served, choices, usage, error } = JSON.parse(text);
  const said = choices?.[0];
  return {
    ...base,
    text: said?.message.content ?? "",
    model: served,
    finish: said?.finish_reason,
    usage,
    clean: !error,
    error,
  };
}

function readStream(body: string): Omit<Got, "status" | "response" | "tookMs"> {
  const events = eventsOf(body);
  const chunks = events.filter((event) => event !== "[DONE]").map((event) => JSON.parse(event));
  const error = chunks.find((chunk) => chunk.error)?.error;
  const said = chunks.filter((chunk) => !chunk.error);
  const ids = new Set(said.map(({ id }) => id));
  if (ids.size > 1) throw new Error(`One stream has several ids: ${[...ids].join(", ")}`);
  return {
    text: said.map(({ choices }) => choices[0]?.delta.content ?? "").join(""),
    model: said[0]?.model,
    finish: said.find(({ choices }) => choices[0]?.finish_reason)?.choices[0].finish_reason,
    usage: said.findLast(({ usage }) => usage)?.usage,
    clean: events.at(-1) === "[DONE]" && !error,
    error,
  };
}

/** Milliseconds between requests. */
export function gaps(requests: readonly Received[]): readonly number[] {
  return requests.slice(1).map(({ at }, index) => at - (requests[index]?.at ?? at));
}
