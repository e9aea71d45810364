import type { IncomingHttpHeaders } from "node:http";
import type { Cancel } from "@/server/cancel";

/** One HTTP request as the gateway sees it, whichever mount received it. */
export type Inbound = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** What follows the `?` of the URL, still encoded; "" where there is none. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  /** Path segments that the route matched, by name; the router sets them. */
  params: Readonly<Record<string, string>>;
  /** The whole body; rejects with `payload_too_large` above the limit. */
  body(limitBytes: number): Promise<Buffer>;
  /** Aborted when the caller leaves before the answer is complete, or by the gateway when the call's time is up. */
  readonly cancel: Cancel;
  /** Set by the dashboard alone: the call is made under this virtual key's id, without its secret. */
  readonly actAsKeyId?: string | undefined;
};

/** Where a stream's bytes go. */
export type Sink = {
  /** False when the reader is behind: then wait for `onDrain`. */
  write(chunk: Uint8Array | string): boolean;
  /** Sets what is called when the reader has caught up. */
  onDrain(resume: () => void): void;
};

/** Writes a stream to its end; it does not reject: a failure has become an error event by then. */
export type StreamBody = (sink: Sink) => Promise<void>;

export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string | StreamBody;
};

export type Endpoint = (inbound: Inbound) => Promise<Reply>;
