import { z } from "zod";
import type { App } from "@/tests/e2e/app";
import { type Vendor, vendorKeys } from "@/tests/e2e/vendor";

const Made = z.looseObject({ id: z.string() });
const Models = z.array(
  z.looseObject({ id: z.string(), name: z.string(), deployments: z.array(z.looseObject({ id: z.string() })) }),
);
const NewKey = z.object({ id: z.string(), key: z.string() });

/** A virtual key as it was issued. */
export type IssuedKey = z.infer<typeof NewKey>;

/** Sends one request to the admin API with the backend key; throws when it is refused. */
export async function admin(app: App, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${app.url}/api/admin${path}`, {
    method,
    headers: { authorization: `Bearer ${app.backendKey}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Issues a virtual key that may use every model. */
export async function issueKey(app: App, name: string): Promise<IssuedKey> {
  return NewKey.parse(await admin(app, "POST", "/virtual-keys", { name }));
}

/** Longer than a narrow window has room for. */
const longName = "with-a-name-that-is-rather-too-long-for-a-phone";

/** What an app is furnished with; ids as the dashboard's addresses have them. */
export type Furniture = {
  providerId: string;
  modelId: string;
  /** The one that has a price. */
  model: string;
  models: readonly string[];
  key: IssuedKey;
};

/** Sets up the vendor as the provider `acme` with three models, one of them priced, and two keys. */
export async function furnish(app: App, vendor: Vendor): Promise<Furniture> {
  const { id: providerId } = Made.parse(
    await admin(app, "POST", "/providers", {
      name: "acme",
      type: "openai-compatible",
      baseUrl: vendor.baseUrl,
      allowPrivateNetwork: true,
      keys: [{ name: "main", apiKey: vendorKeys.right }],
    }),
  );
  const chosen = [
    { upstreamModel: "acme-large-2", name: "acme-large-2" },
    { upstreamModel: "acme-small-2", name: "acme-small-2" },
    { upstreamModel: "acme-small-2", name: `model-${longName}` },
  ];
  await admin(app, "POST", "/models/from-provider", { providerId, models: chosen });
  const models = Models.parse(await admin(app, "GET", "/models"));
  const large = models.find((model) => model.name === "acme-large-2");
  const deployment = large?.deployments[0];
  if (!large || !deployment) throw new Error("The model acme-large-2 was not added.");
  await admin(app, "PUT", `/deployments/${deployment.id}/price`, {
    inputPerMillionUsd: "2.5",
    outputPerMillionUsd: "10",
  });
  await issueKey(app, `key-${longName}`);
  const key = await issueKey(app, "storefront");
  return { providerId, modelId: large.id, model: large.name, models: chosen.map(({ name }) => name), key };
}
