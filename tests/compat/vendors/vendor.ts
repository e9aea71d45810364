import type { Heard, Said } from "@/tests/compat/vendors/model";
import { think } from "@/tests/compat/vendors/model";
import { json, type Received, type Scenario, silence, stream } from "@/tests/support/upstream";

export type JsonObject = Record<string, unknown>;

/** An event of a stream whose events say their type. */
export type TypedEvent = { type: string; [field: string]: unknown };

/** A vendor's API: how it understands a request, and how it says an answer. */
export type Tongue = {
  /** Throws a `Refusal` for what the true vendor would not take. */
  hear(body: JsonObject, request: Received): Heard;
  whole(said: Said, heard: Heard): object;
  /** The stream's events, framed. */
  events(said: Said, heard: Heard): readonly string[];
  /** How many of its events come before and with the first piece of text. */
  opening: number;
  refusal(status: number, message: string): object;
};

/** What a vendor will not answer. */
export class Refusal extends Error {
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/**
 * A vendor that answers what it is asked in its own tongue. The prompts `fail <status>`, `stall` and `cut` make it fail, fall
 * silent or hang up. What it understood is told to `onHeard`.
 */
export function vendor(tongue: Tongue, onHeard: (heard: Heard) => void): Scenario {
  return (request, response) => answerTo(tongue, request, onHeard)(request, response);
}

function answerTo(tongue: Tongue, request: Received, onHeard: (heard: Heard) => void): Scenario {
  const refuse = (status: number, message: string) => json(tongue.refusal(status, message), { status });
  let heard: Heard;
  try {
    heard = tongue.hear(JSON.parse(request.body.toString()), request);
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.status, error.message);
    throw error;
  }
  onHeard(heard);
  const status = /^fail (\d+)$/.exec(heard.prompt)?.[1];
  if (status !== undefined) return refuse(Number(status), `The vendor says ${status}.`);
  const said = think(heard);
  if (!heard.stream) return heard.prompt === "stall" ? silence : json(tongue.whole(said, heard));
  const events = tongue.events(said, heard);
  if (heard.prompt === "stall" || heard.prompt === "cut")
    return stream(events.slice(0, tongue.opening).join(""), { ending: heard.prompt });
  return stream(events.join(""), { split: [7, 40, 3, 100] });
}

/** Refuses fields that the true vendor does not know. */
export function onlyKnows(value: JsonObject, known: readonly string[], where: string): void {
  for (const name of Object.keys(value))
    if (!known.includes(name)) throw new Refusal(`Unknown field '${name}' in ${where}.`);
}

/** A text in two pieces. */
export function halves(text: string): [string, string] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

/** The type and size of a picture in a data URL. */
export function pictureOf(url: unknown): { type: string; bytes: number } {
  const found = /^data:(image\/\w+);base64,(.*)$/s.exec(String(url));
  if (!found?.[1] || found[2] === undefined) throw new Refusal(`Not a picture: ${String(url).slice(0, 60)}`);
  return { type: found[1], bytes: Buffer.from(found[2], "base64").length };
}
