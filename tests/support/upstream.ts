import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** One request as a vendor saw it. */
export type Received = {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Milliseconds on `performance.now()`'s clock. */
  readonly at: number;
  /** Resolves with the time at which the client hung up before the answer was whole; never when it did not. */
  readonly hungUp: Promise<number>;
};

/** What the vendor does with one request. A scenario that returns without ending the response leaves it open. */
export type Scenario = (request: Received, response: ServerResponse) => void | Promise<void>;

/** A vendor on a port of 127.0.0.1, played by the test. */
export type Upstream = {
  /** Without a path or trailing slash. */
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly received: readonly Received[];
  /** The newest request; throws when there is none. */
  last(): Received;
  /** What `path` answers from now on. A path that was never set answers 404. */
  on(path: string, scenario: Scenario): void;
  stop(): Promise<void>;
};

/** Starts a vendor that answers nothing yet. */
export async function startUpstream(): Promise<Upstream> {
  const scenarios = new Map<string, Scenario>();
  const received: Received[] = [];
  const server = createServer((request, response) => {
    response.socket?.setNoDelay(true);
    // A client that hangs up in the middle is what some tests are about.
    response.on("error", () => undefined);
    const answer = async (): Promise<void> => {
      const one = await receive(request, response);
      received.push(one);
      const scenario = scenarios.get(one.path.split("?")[0] ?? "") ?? nothingHere;
      await scenario(one, response);
    };
    answer().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The upstream has no address.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    last() {
      const one = received.at(-1);
      if (!one) throw new Error("The upstream was not called.");
      return one;
    },
    on: (path, scenario) => void scenarios.set(path, scenario),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<Received> {
  const at = performance.now();
  const hungUp = new Promise<number>((resolve) => {
    response.once("close", () => {
      if (!response.writableFinished) resolve(performance.now());
    });
  });
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body: Buffer.concat(pieces),
    at,
    hungUp,
  };
}

type Answer = { status?: number; headers?: Record<string, string>; afterMs?: number };

/** Answers with one whole body: an object as JSON, a text or bytes as they are. */
export function json(body: object | string, { status = 200, headers = {}, afterMs = 0 }: Answer = {}): Scenario {
  return async (_request, response) => {
    if (afterMs > 0) await sleep(afterMs);
    const bytes = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(bytes);
  };
}

type Streaming = Omit<Answer, "status"> & {
  /** How many bytes each write has, in order; what is left after the last goes in one write. */
  split?: readonly number[] | "every byte";
  /** Pause between writes. */
  everyMs?: number;
  /** How the stream ends: properly, by silence, or by a closed socket. */
  ending?: "end" | "stall" | "cut";
};

const READ_MS = 40;

/** Answers with an event stream whose bytes are `body`, in separate socket writes. */
export function stream(body: string | Buffer, options: Streaming = {}): Scenario {
  const bytes = Buffer.from(body);
  const { split = [], everyMs = 1, ending = "end", headers = {}, afterMs = 0 } = options;
  return async (_request, response) => {
    if (afterMs > 0) await sleep(afterMs);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", ...headers });
    response.flushHeaders();
    for (const piece of pieces(bytes, split)) {
      if (response.destroyed) return;
      response.write(piece);
      await sleep(everyMs);
    }
    if (ending === "end") response.end();
    else if (ending === "cut") {
      // What was sent is read before: a connection that is reset may take it along.
      await sleep(READ_MS);
      response.destroy();
    }
  };
}

const nothingHere = json({ error: { message: "There is nothing at this path." } }, { status: 404 });

/** Never answers, and keeps the connection open. */
export const silence: Scenario = () => undefined;

function* pieces(bytes: Buffer, split: readonly number[] | "every byte"): Generator<Buffer> {
  if (split === "every byte") {
    for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
    return;
  }
  let start = 0;
  for (const size of split) {
    if (size > 0) yield bytes.subarray(start, start + size);
    start += size;
  }
  if (start < bytes.length) yield bytes.subarray(start);
}

/** Event payloads as a stream of OpenAI's kind: each a `data:` event, then `[DONE]`. */
export function openAiEvents(payloads: readonly (object | string)[], lineEnd = "\n"): string {
  const events = [...payloads.map((one) => (typeof one === "string" ? one : JSON.stringify(one))), "[DONE]"];
  return events.map((data) => `data: ${data}${lineEnd}${lineEnd}`).join("");
}

/** Event payloads as a stream whose events are named for the payload's `type`. */
export function namedEvents(payloads: readonly { type: string }[]): string {
  return payloads.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join("");
}
