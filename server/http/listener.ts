import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { Cancel } from "@/server/cancel";
import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import type { Inbound, Reply, Sink, StreamBody } from "@/server/gateway/endpoint";
import { answer } from "@/server/http/answer";
import { log } from "@/server/log";
import { health } from "@/server/state/health";

const ONE_WRITE_BYTES = 16 * 1024;
const DISCARD_BYTES = 128 * 1024 * 1024;
const DISCARD_MS = 10_000;

/** A node:http request as the gateway sees it. */
class Received implements Inbound {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  readonly cancel = new Cancel();
  params: Readonly<Record<string, string>> = {};
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    const { path, query } = addressOf(request);
    this.#request = request;
    this.method = request.method ?? "GET";
    this.path = path;
    this.query = query;
    this.headers = request.headers;
    this.ip = clientIp(this.headers["x-forwarded-for"], request.socket.remoteAddress);
  }

  body(limitBytes: number): Promise<Buffer> {
    return readRequest(this.#request, limitBytes, this.cancel);
  }
}

/** What a request is for: its path, and its query without the question mark. */
export function addressOf({ url = "/" }: IncomingMessage): { path: string; query: string } {
  const mark = url.indexOf("?");
  return mark === -1 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

type Whole = { readonly status: number; readonly headers: Reply["headers"]; readonly body: Buffer | string };

function sendWhole(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Whole): void {
  // An array goes into the head as it is; an object would be copied for the length.
  const head: string[] = [];
  for (const name in headers) head.push(name, headers[name] ?? "");
  const length = Buffer.byteLength(body);
  head.push("content-length", String(length));
  response.writeHead(status, head);
  if (request.method === "HEAD") response.end();
  // Head and body go out in one write when both are text; Latin-1 keeps any bytes as they are, and ASCII.
  else if (typeof body !== "string" && length <= ONE_WRITE_BYTES) response.end(body.toString("latin1"), "latin1");
  else if (typeof body === "string" && body.length === length) response.end(body, "latin1");
  else response.end(body);
  if (!request.complete) discardRest(request);
}

/** The caller's address: behind a trusted proxy the last entry of `x-forwarded-for`, which is that proxy's own and no claim. */
export function clientIp(forwarded: string | string[] | undefined, remote: string | undefined): string {
  const seen = env.trustProxy
    ? String(forwarded ?? "")
        .split(",")
        .at(-1)
        ?.trim()
    : undefined;
  const address = seen || remote || "";
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

/**
 * Reads away what a refused request goes on sending, within limits, so that its sender gets to read the answer: closing at once
 * would reset the connection under it.
 */
function discardRest(request: IncomingMessage): void {
  let left = DISCARD_BYTES;
  const timer = setTimeout(() => request.socket.destroy(), DISCARD_MS);
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.socket.destroy();
  });
  request.once("close", () => clearTimeout(timer));
  request.once("end", () => clearTimeout(timer));
  request.resume();
}

type Streamed = {
  readonly status: number;
  readonly headers: Reply["headers"];
  readonly body: StreamBody;
  readonly cancel: Cancel;
};

async function stream(response: ServerResponse, { status, headers, body, cancel }: Streamed): Promise<void> {
  try {
    response.writeHead(status, headers);
  } catch (error) {
    // Whatever became of the answer, the body settles its call.
    cancel.abort();
    await body({ write: () => true, onDrain: () => undefined });
    throw error;
  }
  await body(sinkOf(response));
  response.end();
}

function sinkOf(response: ServerResponse): Sink {
  return {
    // After the caller has left there is nobody to wait for: the call's own abort ends the stream.
    write: (chunk) => response.destroyed || response.write(chunk),
    onDrain: (resume) => response.on("drain", resume),
  };
}

function readRequest(request: IncomingMessage, limitBytes: number, cancel: Cancel): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"]) > limitBytes) return reject(tooLarge(limitBytes));
    // A connection that breaks closes the response, which aborts the call.
    cancel.onAbort(() => reject(new GatewayError("cancelled", "The request was cut short.")));
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else reject(tooLarge(limitBytes));
    });
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
  });
}

function tooLarge(limitBytes: number): GatewayError {
  return new GatewayError("payload_too_large", `The request body is larger than ${limitBytes} bytes.`);
}

/**
 * Answers one node:http request on the gateway's paths: mount 2, without Web streams or objects. A failure of the mount
 * itself closes the connection and is logged.
 */
export function handle(request: IncomingMessage, response: ServerResponse): void {
  const received = new Received(request);
  const { cancel } = received;
  response.on("close", () => {
    if (!response.writableFinished) cancel.abort();
  });
  answer(received)
    .then(({ status, headers: given, body }) => {
      // A kept connection would hold up a server that is shutting down.
      const headers = health().draining ? { ...given, connection: "close" } : given;
      if (typeof body === "function") return stream(response, { status, headers, body, cancel });
      return sendWhole(request, response, { status, headers, body });
    })
    .catch((error: unknown) => {
      log.error({ err: error, url: request.url?.split("?")[0] }, "A request could not be answered.");
      response.destroy();
    });
}
