import { connect, type Socket } from "node:net";

/** What came of one call; times are milliseconds from its first byte sent. */
export type Outcome = { status: number; bytes: number; tookMs: number };

type Waiting = { resolve(outcome: Outcome): void; reject(error: Error): void };

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** One keep-alive HTTP/1.1 connection that carries one call after another, as cheaply as can be: it measures others. */
class Connection {
  readonly #port: number;
  #socket: Socket;
  #waiting: Waiting | undefined;
  #begun = 0;
  #head: Buffer | undefined;
  #status = 0;
  /** Bytes of the body still to come; -1 = chunked. */
  #left = 0;
  #bytes = 0;
  #tail: Buffer = Buffer.alloc(0);
  #inBody = false;

  constructor(port: number) {
    this.#port = port;
    this.#socket = this.#open();
  }

  #open(): Socket {
    const socket = connect(this.#port, "127.0.0.1").setNoDelay(true);
    socket.on("data", (chunk) => this.#onData(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("end", () => this.#fail(new Error("The connection was closed before the answer was whole.")));
    return socket;
  }

  /** Sends one request, head and body, and waits for the whole answer. */
  call(request: Buffer): Promise<Outcome> {
    this.#head = undefined;
    this.#inBody = false;
    this.#bytes = 0;
    this.#tail = Buffer.alloc(0);
    this.#begun = performance.now();
    // A server may close a connection between two calls.
    if (this.#socket.destroyed || this.#socket.readableEnded) this.#socket = this.#open();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    if (this.#inBody) {
      this.#onBody(chunk);
      return;
    }
    const head: Buffer = this.#head ? Buffer.concat([this.#head, chunk]) : chunk;
    const end = head.indexOf(HEAD_END);
    this.#head = head;
    if (end === -1) return;
    const text = head.toString("latin1", 0, end);
    this.#status = Number(text.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    this.#left = length === undefined ? -1 : Number(length);
    this.#inBody = true;
    this.#onBody(head.subarray(end + HEAD_END.length));
  }

  #onBody(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#left >= 0) {
      this.#left -= chunk.length;
      if (this.#left <= 0) this.#finish();
      return;
    }
    this.#tail =
      chunk.length >= LAST_CHUNK.length
        ? chunk.subarray(-LAST_CHUNK.length)
        : Buffer.concat([this.#tail, chunk]).subarray(-LAST_CHUNK.length);
    if (this.#tail.equals(LAST_CHUNK)) this.#finish();
  }

  #finish(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: this.#status, bytes: this.#bytes, tookMs: performance.now() - this.#begun });
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

/** Makes `calls` calls over `connections` connections as fast as they are answered. Throws when one is not answered with 200. */
export async function load(
  port: number,
  request: Buffer,
  { calls, connections }: { calls: number; connections: number },
): Promise<{ tookMs: number; latenciesMs: number[] }> {
  const latenciesMs: number[] = [];
  let left = calls;
  const begun = performance.now();
  const lanes = Array.from({ length: connections }, async () => {
    const connection = new Connection(port);
    try {
      while (left-- > 0) {
        const { status, tookMs } = await connection.call(request);
        if (status !== 200) throw new Error(`A call was answered with ${status}.`);
        latenciesMs.push(tookMs);
      }
    } finally {
      connection.close();
    }
  });
  await Promise.all(lanes);
  return { tookMs: performance.now() - begun, latenciesMs };
}

/** One request's bytes; without a path it asks for a chat completion. */
export function requestBytes(
  port: number,
  headers: Readonly<Record<string, string>>,
  body: object,
  path = "/v1/chat/completions",
): Buffer {
  const text = JSON.stringify(body);
  const lines = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${text}`);
}
