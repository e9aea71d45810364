import { GatewayError } from "@/server/errors";
import { classified, kindOfStatus, readError } from "@/server/providers/classify";
import { decode } from "@/server/providers/cohere/decode";
import { embeddings } from "@/server/providers/cohere/embeddings";
import { encode } from "@/server/providers/cohere/encode";
import { endpoint, jsonHeaders } from "@/server/providers/cohere/endpoint";
import { rerank } from "@/server/providers/cohere/rerank";
import { decodeStream } from "@/server/providers/cohere/stream";
import type { ProviderType } from "@/server/providers/provider";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** A status of Cohere's own: the credential is invalid. Source: Cohere, "Errors". */
const DENIED = 498;

/** Cohere's own API, version 2. Source: docs.cohere.com, API reference. */
export const cohere: ProviderType = {
  id: "cohere",
  label: "Cohere",
  about: "Command, Embed and Rerank models from Cohere.",
  baseUrl: "https://api.cohere.com",
  auth: { scheme: "header", name: "authorization", prefix: "Bearer " },
  keyOptional: false,
  chat: { kind: "translated", encode, decode, decodeStream },
  embeddings,
  rerank,
  listModels: {
    encode: (target) => ({
      method: "GET",
      url: endpoint(target, "/v1/models?page_size=1000"),
      headers: jsonHeaders(target),
    }),
    decode: (body) => {
      if (!isRecord(body) || !Array.isArray(body.models))
        throw new GatewayError("upstream_garbled", "The upstream's answer holds no list of models.");
      return listOf(body.models).flatMap((model) => {
        const id = isRecord(model) ? textOf(model.name) : undefined;
        return id === undefined ? [] : [{ id, ownedBy: "cohere" }];
      });
    },
  },
  classify: (status, body) => classified(status === DENIED ? "upstream_denied" : kindOfStatus(status), readError(body)),
  priceLibraryId: "cohere",
};
