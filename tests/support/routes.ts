import { Cancel } from "@/server/cancel";
import type { Inbound, Reply, Sink } from "@/server/gateway/endpoint";
import type { Api } from "@/tests/api/support";
import { completion } from "@/tests/support/fixture";
import { json, startUpstream, type Upstream } from "@/tests/support/upstream";

type Placed = {
  /** Also the upstream's name for the model, by which a test sees where a call went. */
  as: string;
  provider?: string;
  tags?: string[];
  region?: string;
  priority?: number;
  weight?: number;
  rpm?: number;
  tpm?: number;
  concurrent?: number;
  contextWindow?: number;
};

/** Vendors, models and keys made through the admin API, and calls made in this process. */
export type Routes = {
  readonly upstream: Upstream;
  /** Adds a vendor at the upstream's own path `/<name>`. */
  provider(name: string, keys?: (string | object)[], limits?: object): Promise<string>;
  model(name: string, deployments: Placed[], settings?: object): Promise<string>;
  key(fields?: object): Promise<{ id: string; key: string }>;
  /** Lets what was changed hold now. */
  settle(): Promise<void>;
  chat(key: string, body: object, headers?: Record<string, string>): Promise<Reply>;
  /** The upstream model that the last call reached. */
  reached(): string;
};

/** Makes them on a booted API. The upstream answers every vendor's chat completions. */
export async function routes(api: Api): Promise<Routes> {
  const upstream = await startUpstream();
  const providers = new Map<string, string>();
  let keys = 0;
  const provider: Routes["provider"] = async (name, names = ["main"], limits = {}) => {
    upstream.on(`/${name}/chat/completions`, json(completion()));
    const { id } = await api.as().providers.create({
      name,
      type: "openai-compatible",
      baseUrl: `${upstream.url}/${name}`,
      allowPrivateNetwork: true,
      keys: names.map((one, at) => {
        const { name: own, ...more } = typeof one === "string" ? { name: one } : { name: `key-${at}`, ...one };
        return { name: own, apiKey: `sk-${name}-${own}-0123456789`, ...more };
      }),
      ...limits,
    });
    providers.set(name, id);
    return id;
  };
  return {
    upstream,
    provider,
    model: async (name, deployments, settings = {}) => {
      const { id } = await api.as().models.create({ name, ...settings });
      for (const { as, provider: of = "vendor", ...placing } of deployments) {
        const providerId = providers.get(of) ?? (await provider(of));
        await api.as().deployments.create({ modelId: id, providerId, upstreamModel: as, ...placing });
      }
      return id;
    },
    key: (fields = {}) => api.as().keys.create({ name: `caller-${keys++}`, ...fields }),
    settle: async () => {
      const { reloadCatalog } = await import("@/server/state/catalog");
      await reloadCatalog();
    },
    chat: async (key, body, headers = {}) => {
      const { chatCompletions } = await import("@/server/gateway/text-call");
      return chatCompletions(inbound(key, body, headers));
    },
    reached: () => String(JSON.parse(upstream.last().body.toString("utf8")).model),
  };
}

/** A request as a mount would hand it on. */
export function inbound(key: string, body: object, headers: Record<string, string> = {}): Inbound {
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    method: "POST",
    path: "/v1/chat/completions",
    query: "",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ip: "127.0.0.1",
    params: {},
    body: () => Promise.resolve(bytes),
    cancel: new Cancel(),
  };
}

/** A reply's body as its text, a stream to its end. */
export async function textOf({ body }: Reply): Promise<string> {
  if (typeof body !== "function") return body.toString();
  const pieces: Buffer[] = [];
  const sink: Sink = { write: (piece) => pieces.push(Buffer.from(piece)) > 0, onDrain: () => undefined };
  await body(sink);
  return Buffer.concat(pieces).toString("utf8");
}
