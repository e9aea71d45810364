import type { IncomingMessage, ServerResponse } from "node:http";
import { Cancel } from "@/server/cancel";
import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import type { Sink, StreamBody } from "@/server/gateway/endpoint";
import { answer } from "@/server/http/answer";
import { log } from "@/server/log";
import { health } from "@/server/state/health";

const ONE_WRITE_BYTES = 16 * 1024;
const DISCARD_BYTES = 128 * 1024 * 1024;
const DISCARD_MS = 10_000;

/** Answers one node:http request on the gateway's paths: mount 2, without Web streams or objects. */
async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const cancel = new Cancel();
  response.on("close", () => {
    if (!response.writableFinished) cancel.abort();
  });
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  const reply = await answer({
    method: request.method ?? "GET",
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? "" : url.slice(mark + 1),
    params: {},
    headers: request.headers,
    ip: clientIp(request.headers["x-forwarded-for"], request.socket.remoteAddress),
    body: (limitBytes) => readRequest(request, limitBytes, cancel),
    cancel,
  });
  const { status, body } = reply;
  // A kept connection would hold up a server that is shutting down.
  const headers = health().draining ? { ...reply.headers, connection: "close" } : reply.headers;
  if (typeof body === "function") {
    await stream(response, { status, headers, body, cancel });
    return;
  }
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  if (request.method === "HEAD") response.end();
  // Head and body go out in one write when both are text; Latin-1 keeps any bytes as they are.
  else if (typeof body !== "string" && body.length <= ONE_WRITE_BYTES) response.end(body.toString("latin1"), "latin1");
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
  return (seen || remote || "").replace(/^::ffff:/, "");
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
  readonly headers: Readonly<Record<string, string>>;
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
    cancel.onAbort(() => reject(new GatewayError("cancelled", "The request was cut short.")));
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else reject(tooLarge(limitBytes));
    });
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on("error", (cause) => reject(new GatewayError("cancelled", "The request was cut short.", { cause })));
    request.on("close", () => {
      if (!request.complete) reject(new GatewayError("cancelled", "The request was cut short."));
    });
  });
}

function tooLarge(limitBytes: number): GatewayError {
  return new GatewayError("payload_too_large", `The request body is larger than ${limitBytes} bytes.`);
}

/** For `http.createServer`: a failure of the mount itself closes the connection and is logged. */
export function handle(request: IncomingMessage, response: ServerResponse): void {
  listener(request, response).catch((error: unknown) => {
    log.error({ err: error, url: request.url }, "A request could not be answered.");
    response.destroy();
  });
}
