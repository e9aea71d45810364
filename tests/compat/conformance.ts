import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Model, models, type Played } from "@/tests/compat/vendors";
import { keys } from "@/tests/support/fixture";

/** Where a client shall call, as whom, and for which model. */
export type Place = { readonly url: string; readonly model: string; readonly apiKey: string };

/** What each official client has to be able to do through the gateway, in its own words. */
export type Client = {
  text(prompt: string): Promise<string>;
  /** The pieces of a streamed answer. */
  pieces(prompt: string): Promise<string[]>;
  /** The final answer after as many rounds with the `weather` tool as the model wants. */
  loop(prompt: string, how: { readonly stream: boolean }): Promise<string>;
  /** An object with a `city` and `celsius`. */
  object(prompt: string): Promise<unknown>;
  picture(png: Buffer): Promise<string>;
  /** Begins a streamed answer and leaves at its first piece. */
  leave(prompt: string): Promise<void>;
};

export type Subject = {
  /** With the client's own retries off. */
  at(place: Place): Client;
  /** What its errors look like for this status. */
  failure(status: number): object;
};

/** The weather in a city, as every client's tool tells it. */
export function weatherIn(city: string): string {
  return `sunny in ${city}`;
}

const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** What one client must be able to do with a model of each family of vendors. */
export function conforms({ gate }: Played, subject: Subject, which: readonly Model[] = models): void {
  const place = (model: string, apiKey: string = keys.caller): Place => ({ url: gate().gateway.url, model, apiKey });
  const askedLast = async () => JSON.stringify(JSON.parse(gate().upstream.last().body.toString()));

  describe.each(which)("$name", ({ model }) => {
    const client = () => subject.at(place(model));

    test("text", async () => {
      expect(await client().text("Grüße, 世界")).toBe("You said: Grüße, 世界");
    });

    test("stream", async () => {
      const pieces = await client().pieces("Grüße, 世界 👋");
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces.join("")).toBe("You said: Grüße, 世界 👋");
    });

    test.each([{ stream: false }, { stream: true }])("a loop with parallel tools ($stream)", async (how) => {
      const said = await client().loop("What is the weather in Paris and in Rome?", how);
      expect(said, await askedLast()).toBe("Paris: sunny in Paris; Rome: sunny in Rome.");
    });

    test("structured output", async () => {
      expect(await client().object("Tell me of a city.")).toEqual({ city: "Paris", celsius: 20 });
    });

    test("a picture", async () => {
      expect(await client().picture(png)).toBe(`A image/png of ${png.length} bytes.`);
    });

    test("leaving a stream ends the vendor's work", async () => {
      await client().leave("stall");
      const { hungUp } = gate().upstream.last();
      expect(await Promise.race([hungUp.then(() => "hung up"), sleep(1_000, "still at work")])).toBe("hung up");
    });

    test("a stream that breaks is an error", async () => {
      await expect(client().pieces("cut")).rejects.toThrow();
    });

    test.each([
      { status: 400, seen: 400 },
      { status: 429, seen: 429 },
      { status: 500, seen: 502 },
    ])("the vendor's $status", async ({ status, seen }) => {
      await expect(client().text(`fail ${status}`)).rejects.toMatchObject(subject.failure(seen));
      await expect(client().pieces(`fail ${status}`)).rejects.toMatchObject(subject.failure(seen));
    });
  });

  test("a wrong key and an unknown model", async () => {
    await expect(subject.at(place("like", "condt_wrong")).text("Hi")).rejects.toMatchObject(subject.failure(401));
    await expect(subject.at(place("nothing")).text("Hi")).rejects.toMatchObject(subject.failure(404));
  });
}
