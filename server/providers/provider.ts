import type { ErrorKind } from "@/server/errors";
import type { ChatChunk, ChatCompletion, ChatRequest } from "@/server/wire/chat";
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
  readonly method: "GET" | "POST";
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
  /** The upstream's terminal event: without it the stream was cut short. */
  | { readonly kind: "end" };

/** An upstream's error: what kind it is, and what of it the caller may see. */
export type Classified = {
  readonly kind: ErrorKind;
  readonly message?: string | undefined;
  readonly type?: string | undefined;
  readonly code?: string | null | undefined;
  readonly param?: string | undefined;
};

/** How an upstream serves chat: natively (its bytes are passed on untouched) or through a translation. */
export type Chat =
  | {
      readonly kind: "native";
      /** Appended to the base URL. */
      readonly path: string;
      /** Whether the upstream takes `stream_options: {"include_usage": true}`. */
      readonly streamUsage: boolean;
    }
  | {
      readonly kind: "translated";
      /** Throws `invalid_request` with a `param` for what is malformed. */
      readonly encode: (request: ChatRequest, target: Target) => Encoded;
      /** Throws `upstream_garbled` when the body is not this vendor's answer. */
      readonly decode: (
        body: unknown,
        context: DecodeContext,
      ) => { completion: ChatCompletion; usage: Usage | undefined };
      /** Makes a decoder for one stream; the decoder is synchronous and keeps that stream's state. */
      readonly decodeStream: (context: DecodeContext) => (event: ServerSentEvent) => readonly StreamPiece[];
    };

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
  readonly auth:
    | { readonly scheme: "header"; readonly name: string; readonly prefix: string }
    | { readonly scheme: "none" };
  /** Whether the upstream answers without a key, as servers in one's own network often do. */
  readonly keyOptional: boolean;
  readonly chat?: Chat;
  /** Lists the vendor's models; absent where the vendor has no such API. */
  readonly listModels?: {
    readonly encode: (target: Target) => UpstreamRequest;
    readonly decode: (body: unknown) => readonly UpstreamModel[];
  };
  readonly classify: (status: number, body: unknown) => Classified;
  /** Answers in this process instead of over the network (the demo). */
  readonly local?: (request: UpstreamRequest, context: DecodeContext) => LocalAnswer;
  /** This vendor's id in the price library (`@pydantic/genai-prices`). */
  readonly priceLibraryId?: string;
};
