import { load, requestBytes } from "@/bench/client";
import { costOf, perChunkMicros, quantile, ratio, type Size, STREAM_CONNECTIONS } from "@/bench/measure";
import type { Bar } from "@/bench/report";
import { bearer, type System } from "@/bench/systems";

const BRIEF = "events-2";
const LONG = "events-200";
type Kind = typeof BRIEF | typeof LONG;

const prompt = "What does a gateway between callers and vendors of language models cost?";
const messages = [{ role: "user", content: prompt }];

/** How a caller asks for a stream, by what is translated into what. The first is passed on as it is. */
const ways: Record<string, (kind: Kind) => { path?: string; body: object }> = {
  "passed on": (kind) => ({ body: { model: `bench-${kind}`, messages, stream: true } }),
  "chat from Anthropic's": (kind) => ({ body: { model: `foreign-${kind}`, messages, stream: true } }),
  "messages from OpenAI's": (kind) => ({
    path: "/v1/messages",
    body: { model: `bench-${kind}`, messages, max_tokens: 400, stream: true },
  }),
  "responses from OpenAI's": (kind) => ({
    path: "/v1/responses",
    body: { model: `bench-${kind}`, input: prompt, store: false, stream: true },
  }),
  "Gemini's from OpenAI's": (kind) => ({
    path: `/v1beta/models/bench-${kind}:streamGenerateContent?alt=sse`,
    body: { contents: [{ role: "user", parts: [{ text: prompt }] }] },
  }),
};

/** CPU microseconds of a streamed chunk in each round, by way. */
export type Translated = ReadonlyMap<string, readonly number[]>;

/** Measures translated streams beside passed-on ones, in turn, in half the rounds of the rest. */
export async function measureTranslated(system: System, size: Size): Promise<Translated> {
  const requestOf = (way: string, kind: Kind): Buffer => {
    const asked = ways[way]?.(kind);
    return requestBytes(system.port, bearer, asked?.body ?? {}, asked?.path);
  };
  const samples = new Map(Object.keys(ways).map((way) => [way, noSamples()]));
  const amount = { calls: size.streams, connections: STREAM_CONNECTIONS };
  for (const way of samples.keys()) await load(system.port, requestOf(way, LONG), amount);
  for (let round = 1; round <= Math.ceil(size.rounds / 2); round++) {
    process.stderr.write(`Translated streams, round ${round} …\n`);
    for (const [way, own] of samples) {
      for (const kind of [BRIEF, LONG] as const)
        own[kind].push((await costOf(system, requestOf(way, kind), amount)).micros);
    }
  }
  return new Map([...samples].map(([way, perStreamMicros]) => [way, perChunkMicros({ perStreamMicros })]));
}

type Samples = Record<Kind, number[]>;

function noSamples(): Samples {
  return { [BRIEF]: [], [LONG]: [] };
}

/** A line a way. */
export function translatedBars(measured: Translated): Bar[] {
  const [passed, ...others] = [...measured];
  return others.map(([way, micros]) => ({
    promise: `a translated chunk (${way}, ${quantile(micros).toFixed(1)} µs) against one passed on`,
    value: ratio(micros, passed?.[1] ?? []),
    limit: 3,
    unit: "×",
  }));
}
