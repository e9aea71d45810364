import { isDeepStrictEqual } from "node:util";
import type { Caller } from "@/tests/matrix/callers/caller";
import { at, events, list, parsed, text } from "@/tests/matrix/json";
import { isAuthorized, type Lack, type Row } from "@/tests/matrix/rows";
import {
  CALLS,
  type Feature,
  IMAGE,
  LOOKING,
  type Play,
  REFUSAL,
  RESULTS,
  type Said,
  STRUCTURED,
  TEXT,
  THOUGHT,
  type Tokens,
  USED,
} from "@/tests/matrix/said";
import { type Heard, promptFor, type Vendors } from "@/tests/matrix/vendor";

/** What became of one cell: nothing amiss, a reason why there is no such thing, or what is wrong. */
export type Cell =
  | { kind: "green" }
  | { kind: "partly"; reason: string }
  | { kind: "none"; reason: string }
  | { kind: "red"; faults: readonly string[] };

/** What the cells need: the gateway, the vendors behind it, and a place for the calls that the ledger must have. */
export type Stage = {
  readonly gatewayUrl: string;
  readonly key: string;
  readonly vendors: Vendors;
  /** By request id, the tokens that the vendor told. */
  readonly billed: Map<string, { cell: string; tokens: Billed }>;
};

export type Billed = { input: number; cached: number; output: number; reasoning: number };

type Place = { readonly stage: Stage; readonly row: Row; readonly caller: Caller; readonly feature: Feature };

type Made = {
  readonly status: number;
  readonly headers: Headers;
  readonly sent: Record<string, unknown>;
  readonly raw: string;
  readonly heard: Heard | undefined;
  readonly word: string;
};

let calls = 0;

const PLAYS: Record<Feature, Play> = {
  text: "text",
  stream: "text",
  tools: "tools",
  "stream tools": "tools",
  image: "text",
  reasoning: "reasoning",
  structured: "structured",
  usage: "text",
  error: "rejected",
};

/** Runs one cell. */
export async function runCell(place: Place): Promise<Cell> {
  const { row, caller, feature } = place;
  const unsayable = caller.lacks[feature];
  if (unsayable !== undefined) return { kind: "none", reason: unsayable };
  const lack = row.lacks[feature];
  if (lack && isMeant(lack, caller)) return runLack(place, lack);
  const faults: string[] = [];
  try {
    await checks[feature](place, faults);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  if (faults.length > 0) return { kind: "red", faults };
  const loss = row.loses[feature];
  return loss && isMeant(loss, caller) ? { kind: "partly", reason: loss.reason } : { kind: "green" };
}

function isMeant({ callers }: Lack, caller: Caller): boolean {
  return callers?.includes(caller.id) ?? true;
}

/** What a vendor has not must not vanish: the call is refused, or the answer names what was left out. */
async function runLack(place: Place, { reason }: Lack): Promise<Cell> {
  const made = await ask(place, { stream: place.feature.startsWith("stream") });
  const dropped = made.headers.get("x-conduit-dropped");
  const isSaid = dropped !== null || (made.status >= 400 && made.status < 500) || place.row.type.local !== undefined;
  if (isSaid) return { kind: "none", reason };
  return { kind: "red", faults: [`is said to be missing (${reason}), but is neither refused nor named as dropped`] };
}

type Check = (place: Place, faults: string[]) => Promise<void>;

const checks: Record<Feature, Check> = {
  text: async (place, faults) => {
    const said = await answered(place, { stream: false }, faults);
    expectSaid(said, { ...textOf(place, said), finish: "stop" }, faults);
  },
  stream: async (place, faults) => {
    const said = await answered(place, { stream: true }, faults);
    expectSaid(said, { ...textOf(place, said), finish: "stop" }, faults);
  },
  tools: async (place, faults) => {
    const made = await ask(place, { stream: false });
    const said = readMade(place, made, { stream: false }, faults);
    expectCalls(place, said, { heard: made.heard, faults });
    const next = place.caller.followUp(made.sent, parsed(made.raw), RESULTS);
    const after = await send(place, { body: next, stream: false, word: made.word });
    same(after.heard?.asked.results, RESULTS, "the results that the vendor got", faults);
    expectSaid(readMade(place, after, { stream: false }, faults), { text: TEXT, finish: "stop" }, faults);
  },
  "stream tools": async (place, faults) => {
    const made = await ask(place, { stream: true });
    expectCalls(place, readMade(place, made, { stream: true }, faults), { heard: made.heard, faults });
  },
  image: async (place, faults) => {
    const made = await ask(place, { stream: false });
    same(made.heard?.asked.images, [IMAGE], "the images that the vendor got", faults);
    expectSaid(readMade(place, made, { stream: false }, faults), { text: TEXT }, faults);
  },
  reasoning: async (place, faults) => {
    for (const stream of [false, true]) {
      const made = await ask(place, { stream });
      if (made.heard && made.heard.asked.effort === undefined) faults.push("the vendor was not asked to reason");
      const said = readMade(place, made, { stream }, faults);
      expectSaid(said, { text: TEXT, reasoning: tellsThought(place, made) ? THOUGHT : "" }, faults);
    }
  },
  structured: async (place, faults) => {
    for (const stream of [false, true]) {
      const made = await ask(place, { stream });
      const { schema, prompt } = made.heard?.asked ?? { schema: undefined, prompt: "" };
      // Where the vendor takes no schema the model is told in words.
      if (!at(schema, "properties", "capital") && !prompt.includes("The capital's name."))
        faults.push("the vendor got no schema");
      expectSaid(readMade(place, made, { stream }, faults), { text: STRUCTURED, finish: "stop" }, faults);
    }
  },
  usage: async (place, faults) => {
    for (const stream of [false, true]) {
      const made = await ask(place, { stream });
      const said = readMade(place, made, { stream }, faults);
      const { caller, row, stage } = place;
      if (row.type.local) {
        if (!said?.tokens?.input || !said.tokens.output) faults.push("no usage");
        continue;
      }
      const billed = billedBy(made.heard);
      expectTokens(said?.tokens, billed, faults);
      const id = made.headers.get("x-request-id");
      if (id) stage.billed.set(id, { cell: `${caller.id} × ${row.name}, stream: ${stream}`, tokens: billed });
    }
  },
  error: async (place, faults) => {
    const { caller } = place;
    const rejected = await ask(place, { stream: false, play: "rejected" });
    same(rejected.status, 400, "the status of what the vendor rejects", faults);
    if (!caller.errorOf(parsed(rejected.raw))?.includes(REFUSAL))
      faults.push(`the vendor's words are missing: ${rejected.raw}`);
    const limited = await ask(place, { stream: true, play: "limited" });
    same(limited.status, 429, "the status at the vendor's limit", faults);
    if (!caller.errorOf(parsed(limited.raw))) faults.push(`no error of this dialect: ${limited.raw}`);
    const cut = await ask(place, { stream: true, play: "cut" });
    const last = cut.status === 200 ? events(cut.raw).findLast((event) => event !== "[DONE]") : parsed(cut.raw);
    if (!caller.errorOf(last)) faults.push(`a stream that was cut short ends without an error: ${cut.raw}`);
  },
};

/** The demonstration has a text of its own. */
function textOf({ row }: Place, said: Said | undefined): { text: string } {
  return { text: row.type.local && said?.text ? said.text : TEXT };
}

/** OpenAI's own chat tells no reasoning, its responses do. */
function tellsThought({ row }: Place, { heard }: Made): boolean {
  return row.thought !== "none" || heard?.path.endsWith("/responses") === true;
}

async function ask(place: Place, { stream, play }: { stream: boolean; play?: Play }): Promise<Made> {
  const { row, caller, feature } = place;
  const word = `w${++calls}`;
  const prompt = promptFor(play ?? PLAYS[feature], word);
  return send(place, { body: caller.body({ model: row.name, prompt, feature, stream }), stream, word });
}

type Sending = { body: Record<string, unknown>; stream: boolean; word: string };

async function send({ stage, row, caller }: Place, { body, stream, word }: Sending): Promise<Made> {
  const answer = await fetch(stage.gatewayUrl + caller.path({ model: row.name, stream }), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${stage.key}` },
    body: JSON.stringify(body),
  });
  const { status, headers } = answer;
  return { status, headers, sent: body, raw: await answer.text(), heard: stage.vendors.heard(word).at(-1), word };
}

async function answered(place: Place, { stream }: { stream: boolean }, faults: string[]): Promise<Said | undefined> {
  return readMade(place, await ask(place, { stream }), { stream }, faults);
}

function readMade(
  { row, caller, feature }: Place,
  made: Made,
  { stream }: { stream: boolean },
  faults: string[],
): Said | undefined {
  if (made.status !== 200) {
    faults.push(`status ${made.status}: ${made.raw.slice(0, 300)}`);
    return undefined;
  }
  const loss = row.loses[feature];
  const wanted = loss && isMeant(loss, caller) ? loss.dropped : null;
  same(made.headers.get("x-conduit-dropped"), wanted, "what is said to be dropped", faults);
  if (!row.type.local) {
    if (!made.heard?.asked.prompt.includes(made.word)) faults.push("the prompt did not reach the vendor");
    else if (!isAuthorized(row, made.heard.headers)) faults.push("the vendor got no good credential");
  }
  return stream ? caller.readStream(made.raw) : caller.read(parsed(made.raw));
}

function expectSaid(said: Said | undefined, wanted: Partial<Said>, faults: string[]): void {
  if (!said) return;
  if (wanted.text !== undefined) same(said.text, wanted.text, "the text", faults);
  if (wanted.reasoning !== undefined) same(said.reasoning, wanted.reasoning, "the reasoning", faults);
  if (wanted.finish !== undefined) same(said.finish, wanted.finish, "the finish reason", faults);
}

type Hearing = { heard: Heard | undefined; faults: string[] };

function expectCalls({ caller }: Place, said: Said | undefined, { heard, faults }: Hearing): void {
  same(heard?.asked.tools, ["weather", "clock"], "the tools that the vendor got", faults);
  if (!said) return;
  expectSaid(said, { text: LOOKING, finish: "tool_calls" }, faults);
  const bare = (list: Said["calls"]) => list.map(({ name, input }) => ({ name, input }));
  same(bare(said.calls), bare([...CALLS]), "the tool calls", faults);
  // Google's own answers to its own clients have no ids, and go by names.
  const isNameless = caller.id === "gemini" && said.calls.every(({ id }) => id === "");
  if (!isNameless && new Set(said.calls.map(({ id }) => id).filter((id) => id !== "")).size < CALLS.length)
    faults.push(`calls without ids of their own: ${JSON.stringify(said.calls)}`);
}

/** What the vendor told of tokens, as the ledger's classes. */
function billedBy(heard: Heard | undefined): Billed {
  const { cached, reasoning } = heard?.tells ?? { cached: false, reasoning: false };
  return {
    input: USED.fresh + (cached ? 0 : USED.cached),
    cached: cached ? USED.cached : 0,
    output: USED.seen + (reasoning ? 0 : USED.reasoning),
    reasoning: reasoning ? USED.reasoning : 0,
  };
}

function expectTokens(
  tokens: Tokens | undefined,
  { input, cached, output, reasoning }: Billed,
  faults: string[],
): void {
  if (!tokens) faults.push("no usage");
  else {
    const said = { ...tokens, cached: tokens.cached ?? 0, reasoning: tokens.reasoning ?? 0 };
    const wanted = {
      input: input + cached,
      cached,
      output: output + reasoning,
      reasoning: tokens.reasoning === undefined ? 0 : reasoning,
    };
    same(said, wanted, "the usage", faults);
  }
}

function same(found: unknown, wanted: unknown, what: string, faults: string[]): void {
  if (isDeepStrictEqual(found, wanted)) return;
  faults.push(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}

/** A cell's faults in one line. */
export function faultsOf(cell: Cell): string {
  return cell.kind === "red" ? list(cell, "faults").map(String).join("; ") : text(cell, "reason");
}
