import { createCompletion } from "@/server/gateway/completions";
import { countMessageTokens } from "@/server/gateway/count-tokens";
import { discoverCapabilities, discoverModels } from "@/server/gateway/discovery";
import { embeddings } from "@/server/gateway/embeddings";
import type { Endpoint } from "@/server/gateway/endpoint";
import { callModel } from "@/server/gateway/generate-content";
import { live, ready, scrape } from "@/server/gateway/health";
import { getKey } from "@/server/gateway/key";
import { createMessage } from "@/server/gateway/messages";
import { getModel, listModels } from "@/server/gateway/models";
import { moderations } from "@/server/gateway/moderations";
import { getNamedModel, inEitherForm, listNamedModels } from "@/server/gateway/named-models";
import { rerank } from "@/server/gateway/rerank";
import { createResponse } from "@/server/gateway/responses";
import { cancelStored, deleteStored, getStored } from "@/server/gateway/responses-stored";
import { chatCompletions } from "@/server/gateway/text-call";

type Methods = Readonly<Partial<Record<"GET" | "POST" | "DELETE", Endpoint>>>;

/** Every path that the gateway itself answers; `{name...}` takes the rest of the path. */
export const routes: Readonly<Record<string, Methods>> = {
  "/v1/chat/completions": { POST: chatCompletions },
  "/v1/completions": { POST: createCompletion },
  "/v1/messages": { POST: createMessage },
  "/v1/messages/count_tokens": { POST: countMessageTokens },
  "/v1/responses": { POST: createResponse },
  "/v1/responses/{path...}": { GET: getStored, POST: cancelStored, DELETE: deleteStored },
  "/v1/embeddings": { POST: embeddings },
  "/v1/rerank": { POST: rerank },
  "/v1/moderations": { POST: moderations },
  "/v1/discovery/models": { GET: discoverModels },
  "/v1/discovery/capabilities": { GET: discoverCapabilities },
  "/v1/models": { GET: inEitherForm(listModels, listNamedModels) },
  "/v1/models/{id...}": { GET: inEitherForm(getModel, getNamedModel), POST: callModel },
  "/v1/key": { GET: getKey },
  "/v1beta/models": { GET: listNamedModels },
  "/v1beta/models/{id...}": { GET: getNamedModel, POST: callModel },
  "/health/live": { GET: live },
  "/health/ready": { GET: ready },
  "/metrics": { GET: scrape },
};

export type Match = {
  readonly methods: Readonly<Partial<Record<string, Endpoint>>>;
  readonly params: Readonly<Record<string, string>>;
};

const exactly = new Map(
  Object.entries(routes).map(([path, methods]): [string, Match] => [path, { methods, params: {} }]),
);

const prefixes = Object.entries(routes).flatMap(([pattern, methods]) => {
  const rest = /^(.*\/)\{(\w+)\.\.\.\}$/.exec(pattern);
  return rest?.[1] && rest[2] ? [{ prefix: rest[1], name: rest[2], methods }] : [];
});

/** The endpoints of a path; undefined where the gateway has none. */
export function match(path: string): Match | undefined {
  const exact = exactly.get(path);
  if (exact) return exact;
  for (const { prefix, name, methods } of prefixes) {
    if (!path.startsWith(prefix) || path.length === prefix.length) continue;
    const rest = decode(path.slice(prefix.length));
    return rest === undefined ? undefined : { methods, params: { [name]: rest } };
  }
  return undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A path with broken escapes names nothing.
    return undefined;
  }
}
