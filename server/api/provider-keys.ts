import type { z } from "zod";
import { change, difference, given, type Transaction } from "@/server/api/change";
import { notFound, refuseManaged } from "@/server/api/errors";
import { ById, Deleted } from "@/server/api/fields.schema";
import { findProvider, providerKeyColumns } from "@/server/api/provider-view";
import { AddedProviderKey, type NewKey, ProviderKeyChange, ProviderKeyView } from "@/server/api/providers.schema";
import { adminProcedure, rest } from "@/server/api/trpc";
import { secrets } from "@/server/secrets";

/** Gives a provider one more key. */
export const addKey = adminProcedure
  .meta(rest("POST", "/providers/{providerId}/keys", "Add a key to a provider."))
  .input(AddedProviderKey)
  .output(ProviderKeyView)
  .mutation(({ ctx, input: { providerId, ...key } }) =>
    change(ctx, async (tx, note) => {
      const provider = await findProvider(tx, providerId);
      refuseManaged("provider", provider);
      const data = { ...sealedKey(providerId, key), providerId };
      const made = await tx.providerKey.create({ data, select: providerKeyColumns });
      const detail = { provider: provider.name, weight: made.weight };
      await note({ action: "create", noun: "provider-key", object: made, detail });
      return made;
    }),
  );

/** Renames, weighs, switches or replaces a key. */
export const updateKey = adminProcedure
  .meta(rest("PATCH", "/provider-keys/{id}", "Change or replace a provider's key."))
  .input(ProviderKeyChange)
  .output(ProviderKeyView)
  .mutation(({ ctx, input: { id, apiKey, ...fields } }) =>
    change(ctx, async (tx, note) => {
      const { provider, ...before } = await findKey(tx, id);
      const sealed = apiKey === undefined ? {} : sealedText(provider.id, apiKey);
      const data = { ...given(fields), ...sealed };
      const after = await tx.providerKey.update({ where: { id }, data, select: providerKeyColumns });
      const detail = {
        provider: provider.name,
        ...difference(before, after),
        ...(apiKey !== undefined && { replaced: true }),
      };
      await note({ action: "update", noun: "provider-key", object: after, detail });
      return after;
    }),
  );

/** Takes a key from its provider. */
export const deleteKey = adminProcedure
  .meta(rest("DELETE", "/provider-keys/{id}", "Delete a provider's key."))
  .input(ById)
  .output(Deleted)
  .mutation(({ ctx, input: { id } }) =>
    change(ctx, async (tx, note) => {
      const before = await findKey(tx, id);
      await tx.providerKey.delete({ where: { id }, select: { id: true } });
      await note({
        action: "delete",
        noun: "provider-key",
        object: before,
        detail: { provider: before.provider.name },
      });
      return { id, deleted: true as const };
    }),
  );

/** A key's columns with the credential sealed for its provider. */
export function sealedKey(providerId: string, { apiKey, ...key }: z.infer<typeof NewKey>) {
  return { name: key.name, weight: key.weight, ...given(key), ...sealedText(providerId, apiKey) };
}

function sealedText(providerId: string, apiKey: string): { sealed: string; hint: string } {
  // Of a short key the last characters would tell too much.
  const hint = apiKey.length >= 12 ? apiKey.slice(-4) : "";
  return { sealed: secrets().sealer.seal(apiKey, `provider:${providerId}`), hint };
}

async function findKey(tx: Transaction, id: string) {
  const select = { ...providerKeyColumns, provider: { select: { id: true, name: true, managed: true } } };
  const row = await tx.providerKey.findUnique({ where: { id }, select });
  if (!row) throw notFound("provider key");
  refuseManaged("provider", row.provider);
  refuseManaged("key", row);
  return row;
}
