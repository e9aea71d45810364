import type { TextDialectId } from "@/server/dialects/dialect";
import type { ErrorKind } from "@/server/errors";
import type { ChatChunk, ChatCompletion, ChatRequest } from "@/server/wire/chat";
import type { EmbeddingsAnswer, EmbeddingsRequest } from "@/server/wire/embeddings";
import type { Framing } from "@/server/wire/framing";
import type { ModerationsAnswer, ModerationsRequest } from "@/server/wire/moderations";
import type { RerankAnswer, RerankRequest } from "@/server/wire/rerank";
import type { ServerSentEvent } from "@/server/wire/sse";
import type { Usage } from "@/server/wire/usage";

/** Where a call goes, as far as a translation needs to know; it holds no secret. */
export type Target = {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** The upstream's own name for the model. */
  readonly model: string;
  /** Extra headers that the admin set on the provider. */
  readonly headers: Readonly<Record<string, string>>;
  /** Settings of this provider type, as the admin wrote them. */
  readonly options: Readonly<Record<string, unknown>>;
};

/** A request to send; the credential is added afterwards. */
export type UpstreamRequest = {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
};

/** An encoded request, and the names of the caller's fields that the upstream has no way to express. */
export type Encoded = { readonly request: UpstreamRequest; readonly dropped: readonly string[] };

/** What a decoder or a local answer needs that it may not make up itself: they read no clock and draw no random numbers. */
export type DecodeContext = {
  /** Used where the upstream gives none. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
};

/** What one upstream event means, in order. `usage` is cumulative: the last one counts. */
export type StreamPiece =
  | { readonly kind: "chunk"; readonly chunk: ChatChunk }
  | { readonly kind: "usage"; readonly usage: Usage }
  | { readonly kind: "error"; readonly error: Classified }
  /** The upstream's terminal event: without it the stream was cut short. Only `usage` may come after it. */
  | { readonly kind: "end" };

/** An upstream's error: what kind it is, and what of it the caller may see. */
export type Classified = {
  readonly kind: ErrorKind;
  readonly message?: string | undefined;
  readonly type?: string | undefined;
  readonly code?: string | null | undefined;
  readonly param?: string | undefined;
  /** The status that was meant, where the body says it and the answer has another. */
  readonly status?: number | undefined;
  /** When to try again, where the body says it and no header does. */
  readonly retryAfterSeconds?: number | undefined;
};

/** A request's top-level field as the upstream wants it: the JSON text of a new value, or null to leave it out. */
export type FieldChanges = Readonly<Record<string, string | null>>;

/** An endpoint that speaks a caller's dialect: bodies pass both ways as they are, but for the fields that `change` names. */
export type Native = {
  /** The whole URL, without the query where there is none. */
  readonly url: (target: Target, asked: { readonly stream: boolean }) => string;
  /** Whether the target's model is served in this dialect. Absent = each is. */
  readonly serves?: (target: Target) => boolean;
  /** Fields to set or leave out; `model` is the upstream's own name where they do not say otherwise. Also says what is lost by it. */
  readonly change?: (
    body: Readonly<Record<string, unknown>>,
    target: Target,
    caller: Readonly<Record<string, string | string[] | undefined>>,
  ) => { readonly fields: FieldChanges; readonly dropped?: readonly string[] };
  /** Headers beside the target's own; `caller` holds the headers of the request, lower-case names. */
  readonly headers?: (
    target: Target,
    caller: Readonly<Record<string, string | string[] | undefined>>,
  ) => Readonly<Record<string, string>>;
  /** How the upstream frames a stream's events; where it is not `sse` they are written anew as server-sent events. */
  readonly framing?: Framing;
};

/** What the canonical form has on messages, parts and tools beside OpenAI's chat. */
export type Extension =
  | "cache_control"
  | "thinking_blocks"
  | "reasoning_content"
  | "is_error"
  | "extra_content"
  | "content_blocks";

/** Chat at an upstream that speaks OpenAI's chat completions. */
export type NativeChat = Native & {
  readonly kind: "native";
  /** Whether the upstream takes `stream_options: {"include_usage": true}`. */
  readonly streamUsage: boolean;
  /** The extensions that the upstream understands, where it refuses fields that it does not know; absent = it takes any field. */
  readonly keeps?: readonly Extension[];
  /** As in a translated chat: whether the model goes on from an assistant's message that ends the conversation. */
  readonly continues?: (target: Target) => boolean;
};

/** Chat at an upstream with a dialect of its own. */
export type TranslatedChat = {
  readonly kind: "translated";
  /** Throws `invalid_request` with a `param` for what is malformed. */
  readonly encode: (request: ChatRequest, target: Target) => Encoded;
  /** Throws `upstream_garbled` when the body is not this vendor's answer. */
  readonly decode: (body: unknown, context: DecodeContext) => { completion: ChatCompletion; usage: Usage | undefined };
  /** Makes a decoder for one stream; the decoder is synchronous and keeps that stream's state. */
  readonly decodeStream: (context: DecodeContext) => (event: ServerSentEvent) => readonly StreamPiece[];
  /** How the upstream frames a stream's events; server-sent events where absent. */
  readonly framing?: Framing;
  /** Whether the upstream can fetch a file or image at this http(s) URL itself; where it is false the bytes are put in its place. Absent = it can. */
  readonly fetchesUrl?: (url: string) => boolean;
  /** Whether the model goes on from an assistant's message that ends the conversation, rather than answer it. Absent = it does not. */
  readonly continues?: (target: Target) => boolean;
};

export type { Framing };

/** How an upstream serves chat: natively (its bytes are passed on untouched) or through a translation. */
export type Chat = NativeChat | TranslatedChat;

/** An operation whose answer is one JSON body. */
export type Operation<Request, Response> = {
  readonly encode: (request: Request, target: Target) => Encoded;
  readonly decode: (
    body: unknown,
    about: { readonly request: Request; readonly context: DecodeContext },
  ) => { readonly response: Response; readonly usage: Usage | undefined };
};

/** How a credential gets onto a request. */
export type Auth =
  | { readonly scheme: "header"; readonly name: string; readonly prefix: string }
  /** AWS Signature Version 4 with this service's name; a credential that is no pair of AWS keys goes as a bearer token. */
  | { readonly scheme: "sigv4"; readonly service: string }
  /**
   * Google Cloud: the credential is a service account's JSON, the word `metadata`, or an API key. `{project}` in the URL is
   * replaced by the credential's project.
   */
  | { readonly scheme: "google" }
  /**
   * A key in a header; or, where the credential is JSON with `tenantId`, `clientId` and `clientSecret`, an OAuth 2.0 client whose
   * token goes as bearer. `authorities` are the identity services that may see the secret, each with the scope to ask for; the
   * first is meant where the credential names none.
   */
  | {
      readonly scheme: "oauth-client";
      readonly keyHeader: string;
      readonly authorities: Readonly<Record<string, string>>;
    }
  | { readonly scheme: "none" };

export type UpstreamModel = { readonly id: string; readonly ownedBy?: string | undefined };

/** An answer that is made in this process: the pieces of a body, sent one by one. */
export type LocalAnswer = {
  readonly status: number;
  readonly contentType: string;
  readonly pieces: readonly string[];
  readonly everyMs: number;
};

/** A vendor's API as pure functions: they encode and decode, and never send, wait, log or read a clock. */
export type ProviderType = {
  readonly id: string;
  readonly label: string;
  /** One line for the dashboard. */
  readonly about: string;
  /** The vendor's own address; null means that the admin must give one. */
  readonly baseUrl: string | null;
  readonly auth: Auth;
  /** Whether the upstream answers without a key, as servers in one's own network often do. */
  readonly keyOptional: boolean;
  readonly chat?: Chat;
  /** The caller's dialects, beside chat, that the upstream speaks itself. */
  readonly native?: Readonly<Partial<Record<Exclude<TextDialectId, "chat">, Native>>>;
  readonly embeddings?: Operation<EmbeddingsRequest, EmbeddingsAnswer>;
  readonly rerank?: Operation<RerankRequest, RerankAnswer>;
  readonly moderations?: Operation<ModerationsRequest, ModerationsAnswer>;
  /** Counts a canonical request's prompt tokens, where the vendor has an API for it. */
  readonly countTokens?: Operation<ChatRequest, { readonly inputTokens: number }>;
  /** Lists the vendor's models; absent where the vendor has no such API. */
  readonly listModels?: {
    readonly encode: (target: Target) => UpstreamRequest;
    /** Asks for a second list, where the vendor has one; what cannot be had of it is left out. */
    readonly more?: (target: Target) => UpstreamRequest;
    readonly decode: (body: unknown) => readonly UpstreamModel[];
  };
  readonly classify: (status: number, body: unknown) => Classified;
  /** Answers in this process instead of over the network (the demo). */
  readonly local?: (request: UpstreamRequest, context: DecodeContext) => LocalAnswer;
  /** This vendor's id in the price library (`@pydantic/genai-prices`). */
  readonly priceLibraryId?: string;
};
