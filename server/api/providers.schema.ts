import { z } from "zod";
import { distinct, Id, Moment, Name, upstreamLimits, Weight } from "@/server/api/fields.schema";

/** A provider type that can be chosen. */
export const ProviderTypeView = z
  .object({
    id: z.string(),
    label: z.string(),
    about: z.string(),
    baseUrl: z.string().nullable(),
    keyOptional: z.boolean(),
    canListModels: z.boolean(),
    demo: z.boolean(),
  })
  .meta({ id: "ProviderType" });

/** What it takes at most: requests and tokens a minute, calls at the same time. */
const limitViews = { rpm: z.int().nullable(), tpm: z.int().nullable(), concurrent: z.int().nullable() };

/** A provider's credential as it is shown: its last characters at most. */
export const ProviderKeyView = z
  .object({
    id: Id,
    name: z.string(),
    hint: z.string(),
    weight: z.int(),
    ...limitViews,
    enabled: z.boolean(),
    managed: z.boolean(),
  })
  .meta({ id: "ProviderKey" });

/** A provider as the dashboard and the REST view show it. */
export const ProviderView = z
  .object({
    id: Id,
    name: z.string(),
    type: z.string(),
    typeLabel: z.string(),
    baseUrl: z.string().nullable(),
    allowPrivateNetwork: z.boolean(),
    headers: z.record(z.string(), z.string()),
    options: z.record(z.string(), z.json()),
    probeSeconds: z.int().nullable(),
    ...limitViews,
    enabled: z.boolean(),
    managed: z.boolean(),
    demo: z.boolean(),
    keys: z.array(ProviderKeyView),
    deployments: z.int(),
    createdAt: Moment,
  })
  .meta({ id: "Provider" });

/** A slash would make `provider/model` ambiguous. */
const ProviderName = Name.regex(/^[^\s/]+$/, "A provider's name has no spaces and no slashes.");

const ApiKey = z
  .string()
  .trim()
  .min(1, "Give the key.")
  .max(8192)
  // Some vendors' credentials have parts: they are a JSON object, which is read and not sent.
  .regex(/^([\x21-\x7e]+|\{[\s\S]*\})$/, "A key has no spaces, line breaks or characters outside ASCII.");

const secretHeaders = new Set([
  "authorization",
  "proxy-authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
]);
const ownHeaders = new Set([
  "host",
  "content-length",
  "content-type",
  "transfer-encoding",
  "connection",
  "upgrade",
  "expect",
]);

const Headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~\w-]{1,200}$/, "This is not a header's name."),
    z
      .string()
      .max(4096)
      .regex(/^[\x20-\x7e]*$/, "A header's value is one line of ASCII."),
  )
  .superRefine((headers, context) => {
    for (const name of Object.keys(headers)) {
      const lower = name.toLowerCase();
      const secret = secretHeaders.has(lower) && "Headers are not kept secret: a credential belongs in the keys.";
      const message = secret || (ownHeaders.has(lower) && "Conduit sets this header itself.");
      if (message) context.addIssue({ code: "custom", path: [name], message });
    }
  });

const Options = z.record(z.string().max(100), z.json());
/** How often each key is tried; null = never. */
const ProbeSeconds = z
  .int("Give a whole number.")
  .min(10, "At least 10 seconds lie between two tries.")
  .max(86_400, "At most a day lies between two tries.");
const BaseUrl = z.string().trim().max(2000);

/** A new key of a provider. */
export const NewKey = z.strictObject({ name: Name, apiKey: ApiKey, weight: Weight.default(1), ...upstreamLimits });

/** A new provider with its keys. Without a base URL it is at its type's own address. */
export const NewProvider = z.strictObject({
  name: ProviderName,
  type: z.string().min(1, "Choose a type."),
  baseUrl: BaseUrl.nullish(),
  allowPrivateNetwork: z.boolean().default(false),
  headers: Headers.default({}),
  options: Options.default({}),
  probeSeconds: ProbeSeconds.nullable().default(null),
  ...upstreamLimits,
  enabled: z.boolean().default(true),
  keys: z
    .array(NewKey)
    .max(100)
    .refine((keys) => distinct(keys.map((key) => key.name)), "Two keys have the same name.")
    .default([]),
});

/** Changes to a provider: what is left out stays. Its type cannot change. */
export const ProviderChange = z.strictObject({
  id: Id,
  name: ProviderName.optional(),
  baseUrl: BaseUrl.nullish(),
  allowPrivateNetwork: z.boolean().optional(),
  headers: Headers.optional(),
  options: Options.optional(),
  probeSeconds: ProbeSeconds.nullish(),
  ...upstreamLimits,
  enabled: z.boolean().optional(),
});

/** One more key for a provider. */
export const AddedProviderKey = NewKey.extend({ providerId: Id });

/** Changes to a provider's key: what is left out stays. */
export const ProviderKeyChange = z.strictObject({
  id: Id,
  name: Name.optional(),
  apiKey: ApiKey.optional(),
  weight: Weight.optional(),
  ...upstreamLimits,
  enabled: z.boolean().optional(),
});

/** A stored provider by its id, or one that is not stored yet as a draft. */
export const ProviderTest = z
  .strictObject({ id: Id.optional(), draft: NewProvider.extend({ name: z.string().optional() }).optional() })
  .refine(({ id, draft }) => (id === undefined) !== (draft === undefined), "Give either an id or a draft.");

/** Whether the provider answered with its credential accepted, and if not, why. */
export const ProviderTestResult = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), latencyMs: z.int(), models: z.int().nullable() }),
  z.object({ ok: z.literal(false), kind: z.string(), message: z.string(), status: z.int().optional() }),
]);

/** A model that a provider lists, and what the price library says of it. */
export const UpstreamModelView = z
  .object({
    id: z.string(),
    ownedBy: z.string().optional(),
    priced: z.boolean(),
    inputPerMillionUsd: z.string().nullable(),
    outputPerMillionUsd: z.string().nullable(),
    alreadyAdded: z.boolean(),
  })
  .meta({ id: "UpstreamModel" });
