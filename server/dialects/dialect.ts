import type { ZodType } from "zod";
import type { GatewayError } from "@/server/errors";
import type { ChatChunk, ChatCompletion, ChatRequest } from "@/server/wire/chat";
import type { ServerSentEvent } from "@/server/wire/sse";
import type { Usage } from "@/server/wire/usage";

/** The forms in which a caller may ask for text. `chat` is also the canonical form between all of them. */
export type TextDialectId = "chat" | "responses" | "messages" | "completions" | "gemini";

export type JsonObject = Record<string, unknown>;

/** What every endpoint's dialect can do: say an error in the caller's form. */
export type Dialect = {
  readonly id: string;
  readonly errorBody: (error: GatewayError, requestId: string) => JsonObject;
};

/** What the gateway needs of a request before it knows where it goes. */
export type Asked = { readonly model: string; readonly stream: boolean };

/** Where a request came from, beside its body: path parameters as the router matched them, and the query. */
export type Located = { readonly params: Readonly<Record<string, string>>; readonly query: URLSearchParams };

/** A request in the canonical form, and the names of the caller's fields that this form cannot say. */
export type Canonical = { readonly request: ChatRequest; readonly dropped: readonly string[] };

/** What an encoder may not make up itself: it reads no clock and draws no random numbers. */
export type AnswerContext = {
  /** 32 hexadecimal digits, unique to the call; an encoder derives its ids from it. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The model's name as the caller wrote it. */
  readonly model: string;
};

/** Writes one answer as the dialect's stream. Every function gives the text of whole events, "" for none. */
export type StreamEncoder = {
  chunk(chunk: ChatChunk): string;
  /** After the last chunk; `usage` is undefined where the upstream told none. */
  finish(usage: Usage | undefined): string;
  /** Ends a stream that broke, in place of `finish`. */
  fail(error: GatewayError): string;
  /** The whole answer once the stream is over, in a dialect whose answers are kept for later calls. */
  answer?(): JsonObject | undefined;
};

/** What a caller has of a stream that broke off: its text and whether a thought came before. `encoder` writes the rest. */
export type Resumed = { readonly text: string; readonly thought: boolean; readonly encoder: StreamEncoder };

/** What one event, or a whole body, of an answer in this dialect says to the ledger as it passes. */
export type Seen = {
  /** Cumulative: the last one counts. */
  readonly usage?: Usage | undefined;
  readonly finishReason?: string | undefined;
  /** The body of an error that came in place of an answer. */
  readonly error?: JsonObject | undefined;
  /** An error's HTTP status where the event names one. */
  readonly errorStatus?: number | undefined;
  /** True when it carries something that the model produced. */
  readonly token?: boolean | undefined;
  /** True for what commits the answer; false for pings and the like. */
  readonly started?: boolean | undefined;
  /** The dialect's terminal event: without one a stream was cut short. */
  readonly end?: boolean | undefined;
  /** The answer's id, where the vendor keeps it for later calls. */
  readonly responseId?: string | undefined;
  /** The whole answer, where one event holds it and answers are kept for later calls. */
  readonly answer?: JsonObject | undefined;
};

/** A form in which callers ask for text, as pure functions. */
export type TextDialect = Dialect & {
  readonly id: TextDialectId;
  /** Checks what the gateway reads; everything else passes. */
  readonly schema: ZodType<JsonObject>;
  readonly read: (body: JsonObject, located: Located) => Asked;
  /** Throws `invalid_request` with a `param` for what is malformed. */
  readonly toCanonical: (body: JsonObject, located: Located) => Canonical;
  /** The limit on an answer's tokens that the request sets; undefined where it sets none. */
  readonly askedOutput: (body: JsonObject) => number | undefined;
  /** The fields that limit an answer to so many tokens. */
  readonly limitOutput: (body: JsonObject, tokens: number) => JsonObject;
  readonly encodeAnswer: (
    completion: ChatCompletion,
    about: { usage: Usage | undefined; body: JsonObject; context: AnswerContext },
  ) => JsonObject;
  readonly encodeStream: (body: JsonObject, context: AnswerContext, located: Located) => StreamEncoder;
  /** Reads an upstream's answers that are passed on in this dialect. Throws `upstream_garbled` for what is no answer. */
  readonly readWhole: (body: unknown) => Seen;
  /** Makes a reader for one stream. */
  readonly readStream: () => (event: ServerSentEvent) => Seen;
  /**
   * Goes on with a stream that was passed on in this dialect, from the events that its caller has. Undefined where nobody can; absent
   * where that is so of every stream.
   */
  readonly resume?: (
    events: readonly ServerSentEvent[],
    about: { readonly body: JsonObject; readonly context: AnswerContext },
  ) => Resumed | undefined;
  /** A stream's content type where it is not that of server-sent events. */
  readonly streamContentType?: (located: Located) => string | undefined;
};
