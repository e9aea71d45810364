import { TRPCError } from "@trpc/server";
import { z } from "zod";
import { storedBaseUrl } from "@/server/api/base-url";
import { snapshot } from "@/server/api/change";
import { badInput, conflict } from "@/server/api/errors";
import { ById } from "@/server/api/fields.schema";
import { priceOfRates } from "@/server/api/price-view";
import { findProvider } from "@/server/api/provider-view";
import { type NewProvider, ProviderTest, ProviderTestResult, UpstreamModelView } from "@/server/api/providers.schema";
import { adminProcedure, rest } from "@/server/api/trpc";
import { prisma } from "@/server/db/prisma";
import { type Account, type Probe, probe } from "@/server/outbound/probe";
import { providerType } from "@/server/providers/registry";
import { Secret } from "@/server/secret";
import { secrets } from "@/server/secrets";
import { libraryRates } from "@/server/state/prices";

/** Tries a provider with each of its enabled keys; a failure names the key. Changes nothing. */
export const test = adminProcedure
  .meta(rest("POST", "/providers/test", "Try a provider, stored or as a draft, with each of its keys."))
  .input(ProviderTest)
  .output(ProviderTestResult)
  .mutation(async ({ input: { id, draft } }) => {
    const accounts = draft ? draftAccounts(draft) : await storedAccounts(id ?? "");
    const probes = await Promise.all(
      accounts.map(async ({ name, account }) => ({ name, result: await probe(account) })),
    );
    const failure = probes.find(({ result }) => !result.ok);
    return answer(failure ?? probes[0], accounts.length > 1);
  });

/** What a provider lists, with what the price library says of each model. */
export const listModels = adminProcedure
  .meta(rest("GET", "/providers/{id}/models", "List the models that a provider offers."))
  .input(ById)
  .output(z.array(UpstreamModelView))
  .query(async ({ input: { id } }) => {
    const [first] = await storedAccounts(id);
    if (!first) throw conflict(NO_KEY);
    const result = await probe(first.account);
    if (!result.ok) throw new TRPCError({ code: "BAD_GATEWAY", message: result.message });
    const added = await prisma().deployment.findMany({ where: { providerId: id }, select: { upstreamModel: true } });
    const known = new Set(added.map((deployment) => deployment.upstreamModel));
    const library = first.account.type.priceLibraryId;
    return Promise.all(
      result.models.map(async ({ id: model, ownedBy }) => {
        const rates = library === undefined ? null : await libraryRates(library, model);
        const { inputPerMillionUsd, outputPerMillionUsd } = priceOfRates(rates ?? {});
        const price = { priced: rates !== null, inputPerMillionUsd, outputPerMillionUsd };
        return { id: model, ...(ownedBy !== undefined && { ownedBy }), ...price, alreadyAdded: known.has(model) };
      }),
    );
  });

const NO_KEY = "This provider has no key that is enabled.";

type Named = { name: string | undefined; account: Account };

function draftAccounts(draft: Draft): Named[] {
  const type = providerType(draft.type);
  if (!type) throw badInput(`There is no provider type "${draft.type}".`, "draft.type");
  const { allowPrivateNetwork, headers, options } = draft;
  const baseUrl = storedBaseUrl(draft.baseUrl, type, allowPrivateNetwork);
  const base = { type, baseUrl, allowPrivateNetwork, headers, options };
  if (draft.keys.length === 0) return [{ name: undefined, account: { ...base, credential: undefined } }];
  return draft.keys.map((key) => ({ name: key.name, account: { ...base, credential: new Secret(key.apiKey) } }));
}

type Draft = Omit<z.infer<typeof NewProvider>, "name">;

async function storedAccounts(id: string): Promise<Named[]> {
  const provider = await snapshot((tx) => findProvider(tx, id));
  const type = providerType(provider.type);
  if (!type) throw conflict(`This version of Conduit has no provider type "${provider.type}".`);
  const { baseUrl, allowPrivateNetwork, headers, options } = provider;
  const base = { type, baseUrl, allowPrivateNetwork, headers, options };
  const keys = await prisma().providerKey.findMany({
    where: { providerId: id, enabled: true },
    select: { name: true, sealed: true },
    orderBy: [{ weight: "desc" }, { createdAt: "asc" }, { id: "asc" }],
  });
  if (keys.length === 0) return [{ name: undefined, account: { ...base, credential: undefined } }];
  return keys.map(({ name, sealed }) => ({ name, account: { ...base, credential: opened(sealed, id, name) } }));
}

function opened(sealed: string, providerId: string, name: string): Secret {
  try {
    return secrets().sealer.open(sealed, `provider:${providerId}`);
  } catch {
    // What the cipher says would help nobody: the one cause is another encryption key.
    throw conflict(`The key "${name}" was sealed with another CONDUIT_ENCRYPTION_KEY. Enter it again.`);
  }
}

function answer(
  tried: { name: string | undefined; result: Probe } | undefined,
  several: boolean,
): z.infer<typeof ProviderTestResult> {
  if (!tried) throw conflict(NO_KEY);
  const { name, result } = tried;
  if (result.ok) return { ok: true, latencyMs: result.latencyMs, models: result.models.length };
  return several && name !== undefined ? { ...result, message: `Key "${name}": ${result.message}` } : result;
}
