import { z } from "zod";
import { storedBaseUrl } from "@/server/api/base-url";
import { change, difference, given, snapshot, type Transaction } from "@/server/api/change";
import { badInput, conflict, refuseManaged } from "@/server/api/errors";
import { ById, Deleted } from "@/server/api/fields.schema";
import { addKey, deleteKey, sealedKey, updateKey } from "@/server/api/provider-keys";
import { listModels, test } from "@/server/api/provider-tests";
import { findProvider, providerColumns, providerFacts, providerView } from "@/server/api/provider-view";
import { NewProvider, ProviderChange, ProviderTypeView, ProviderView } from "@/server/api/providers.schema";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import type { ProviderType } from "@/server/providers/provider";
import { providerType, providerTypes as registered } from "@/server/providers/registry";

const list = adminProcedure
  .meta(rest("GET", "/providers", "List the providers."))
  .output(z.array(ProviderView))
  .query(async () => {
    const rows = await snapshot((tx) => tx.provider.findMany({ select: providerColumns, orderBy: { name: "asc" } }));
    return rows.map(providerView);
  });

const get = adminProcedure
  .meta(rest("GET", "/providers/{id}", "Read a provider."))
  .input(ById)
  .output(ProviderView)
  .query(({ input }) => snapshot((tx) => findProvider(tx, input.id)));

const create = adminProcedure
  .meta(rest("POST", "/providers", "Add a provider with its keys."))
  .input(NewProvider)
  .output(ProviderView)
  .mutation(({ ctx, input: { keys, ...fields } }) => {
    const type = chosenType(fields.type);
    const baseUrl = storedBaseUrl(fields.baseUrl, type, fields.allowPrivateNetwork);
    refuseProbes(type, fields.probeSeconds);
    if (keys.length === 0 && !type.keyOptional) throw badInput(`${type.label} needs a key.`, "keys");
    const { rpm = null, tpm = null, concurrent = null, ...columns } = fields;
    const data = { ...columns, rpm, tpm, concurrent, baseUrl };
    return change(ctx, async (tx, note) => {
      const { id } = await tx.provider.create({ data, select: { id: true } });
      await tx.providerKey.createMany({ data: keys.map((key) => ({ ...sealedKey(id, key), providerId: id })) });
      const view = await findProvider(tx, id);
      const detail = difference({}, { ...providerFacts(view), keys: view.keys.map((key) => key.name) });
      await note({ action: "create", noun: "provider", object: view, detail });
      return view;
    });
  });

const update = adminProcedure
  .meta(rest("PATCH", "/providers/{id}", "Change a provider."))
  .input(ProviderChange)
  .output(ProviderView)
  .mutation(({ ctx, input: { id, ...fields } }) =>
    change(ctx, async (tx, note) => {
      const before = await findProvider(tx, id);
      refuseManaged("provider", before);
      const allowed = fields.allowPrivateNetwork ?? before.allowPrivateNetwork;
      const wanted = fields.baseUrl === undefined ? before.baseUrl : fields.baseUrl;
      const type = chosenType(before.type);
      const baseUrl = storedBaseUrl(wanted, type, allowed);
      refuseProbes(type, fields.probeSeconds);
      await tx.provider.update({ where: { id }, data: { ...given(fields), baseUrl }, select: { id: true } });
      const after = await findProvider(tx, id);
      const detail = difference(providerFacts(before), providerFacts(after));
      await note({ action: "update", noun: "provider", object: after, detail });
      return after;
    }),
  );

const remove = adminProcedure
  .meta(rest("DELETE", "/providers/{id}", "Delete a provider that no model uses, with its keys."))
  .input(ById)
  .output(Deleted)
  .mutation(({ ctx, input: { id } }) =>
    change(ctx, async (tx, note) => {
      const before = await findProvider(tx, id);
      refuseManaged("provider", before);
      await refuseWhileUsed(tx, before);
      await tx.provider.delete({ where: { id }, select: { id: true } });
      await note({ action: "delete", noun: "provider", object: before });
      return { id, deleted: true as const };
    }),
  );

/** Vendor accounts and their keys. */
export const providers = router({
  list,
  get,
  create,
  update,
  delete: remove,
  addKey,
  updateKey,
  deleteKey,
  test,
  listModels,
});

/** What kinds of provider there are. */
export const providerTypes = router({
  list: adminProcedure
    .meta(rest("GET", "/provider-types", "List the provider types that can be chosen."))
    .output(z.array(ProviderTypeView))
    .query(() =>
      [...registered.values()].map(({ id, label, about, baseUrl, keyOptional, listModels: models, local }) => ({
        id,
        label,
        about,
        baseUrl: local ? null : baseUrl,
        keyOptional,
        canListModels: models !== undefined,
        demo: local !== undefined,
      })),
    ),
});

function chosenType(id: string): ProviderType {
  const type = providerType(id);
  if (!type) throw badInput(`There is no provider type "${id}".`, "type");
  return type;
}

function refuseProbes({ label, listModels: models }: ProviderType, probeSeconds: number | null | undefined): void {
  if (probeSeconds && !models) throw badInput(`${label} offers no list of models to ask for.`, "probeSeconds");
}

async function refuseWhileUsed(tx: Transaction, provider: { id: string; name: string }): Promise<void> {
  const used = await tx.deployment.findMany({
    where: { providerId: provider.id },
    select: { model: { select: { name: true } } },
    distinct: ["modelId"],
    orderBy: { model: { name: "asc" } },
  });
  if (used.length === 0) return;
  const names = used.map((deployment) => deployment.model.name);
  const shown = names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  throw conflict(
    `"${provider.name}" still serves ${shown}. Remove it from ${names.length === 1 ? "that model" : "those models"} first.`,
  );
}
