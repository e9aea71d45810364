import { Cancel } from "@/server/cancel";
import { GatewayError } from "@/server/errors";
import type { Inbound, Sink, StreamBody } from "@/server/gateway/endpoint";
import { answer } from "@/server/http/answer";
import { clientIp } from "@/server/http/listener";

/** Answers one Web request on the gateway's paths: mount 1, for Next's route handlers. */
export async function routeHandler(
  request: Request,
  options: { actAsKeyId?: string; path?: string } = {},
): Promise<Response> {
  const url = new URL(request.url);
  const cancel = new Cancel();
  if (request.signal.aborted) cancel.abort();
  else request.signal.addEventListener("abort", () => cancel.abort(), { once: true });
  const headers = Object.fromEntries(request.headers);
  const inbound: Inbound = {
    method: request.method,
    path: options.path ?? url.pathname,
    query: url.search.slice(1),
    params: {},
    headers,
    // Next puts the peer's address into the header that a proxy would use, unless one is there already.
    ip: clientIp(headers["x-forwarded-for"], headers["x-forwarded-for"]?.split(",").at(-1)?.trim()),
    body: (limitBytes) => readBody(request, limitBytes, cancel),
    cancel,
    actAsKeyId: options.actAsKeyId,
  };
  const { status, headers: sent, body } = await answer(inbound);
  if (typeof body === "function") return new Response(toStream(body, cancel), { status, headers: sent });
  const bytes =
    status === 204 || request.method === "HEAD" ? null : typeof body === "string" ? body : new Uint8Array(body);
  return new Response(bytes, { status, headers: sent });
}

function toStream(body: StreamBody, cancel: Cancel): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let resume: (() => void) | undefined;
  let gone = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const sink: Sink = {
          write: (chunk) => {
            if (gone) return true;
            controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
            return (controller.desiredSize ?? 0) > 0;
          },
          onDrain: (given) => {
            resume = given;
          },
        };
        // Not awaited: a stream is read while it is written.
        void body(sink).then(
          () => {
            if (!gone) controller.close();
          },
          (error: unknown) => controller.error(error),
        );
      },
      pull: () => resume?.(),
      cancel: () => {
        gone = true;
        cancel.abort();
      },
    },
    { highWaterMark: 64 * 1024, size: (chunk) => chunk.byteLength },
  );
}

async function readBody(request: Request, limitBytes: number, cancel: Cancel): Promise<Buffer> {
  const tooLarge = () => new GatewayError("payload_too_large", `The request body is larger than ${limitBytes} bytes.`);
  if (Number(request.headers.get("content-length")) > limitBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (!request.body) return Buffer.alloc(0);
  const reader = request.body.getReader();
  const cut = new Promise<never>((_resolve, reject) => {
    cancel.onAbort(() => reject(new GatewayError("cancelled", "The request was cut short.")));
  });
  const read = () => Promise.race([reader.read(), cut]);
  for (let next = await read(); !next.done; next = await read()) {
    size += next.value.byteLength;
    if (size > limitBytes) throw tooLarge();
    chunks.push(next.value);
  }
  return Buffer.concat(chunks);
}
