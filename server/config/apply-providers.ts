import type { Changes, Transaction } from "@/server/config/changes";
import type { ConfigProvider } from "@/server/config/parse";
import { limitColumns } from "@/server/config/upstream-limits";
import { secrets } from "@/server/secrets";

type StoredKey = {
  id: string;
  name: string;
  weight: number;
  enabled: boolean;
  managed: boolean;
  rpm: number | null;
  tpm: number | null;
  concurrent: number | null;
  sealed: string;
  hint: string;
};

/** Creates and updates the declared providers and their keys; returns their ids by name. */
export async function applyProviders(
  tx: Transaction,
  changes: Changes,
  providers: readonly ConfigProvider[],
): Promise<Map<string, string>> {
  const rows = await tx.provider.findMany({ include: { keys: { omit: { sealed: false } } } });
  const stored = new Map(rows.map((row) => [row.name, row]));
  const ids = new Map<string, string>();
  for (const { name, keys, probeSeconds = null, limits, ...fields } of providers) {
    const wanted = { ...fields, probeSeconds, ...limitColumns(limits), enabled: true, managed: true };
    const current = stored.get(name);
    const id = await changes.reconcile({ noun: "provider", name }, current, wanted, {
      create: () => tx.provider.create({ data: { name, ...wanted }, select: { id: true } }),
      update: (where) => tx.provider.update({ where: { id: where }, data: wanted }),
    });
    ids.set(name, id);
    await applyKeys(tx, changes, { id, name, keys, stored: current?.keys ?? [] });
  }
  return ids;
}

type Keyring = Pick<ConfigProvider, "name" | "keys"> & { readonly id: string; readonly stored: readonly StoredKey[] };

async function applyKeys(tx: Transaction, changes: Changes, provider: Keyring): Promise<void> {
  for (const { name, apiKey, weight, limits } of provider.keys) {
    const current = provider.stored.find((key) => key.name === name);
    const credential = apiKey.reveal();
    const kept = current && opens(current.sealed, provider.id, credential);
    const sealed = kept ? current.sealed : secrets().sealer.seal(credential, contextOf(provider.id));
    // Of a short key the last characters would tell too much.
    const hint = credential.length >= 12 ? credential.slice(-4) : "";
    const wanted = { sealed, hint, weight, ...limitColumns(limits), enabled: true, managed: true };
    await changes.reconcile({ noun: "provider-key", name: `${provider.name}/${name}` }, current, wanted, {
      create: () => tx.providerKey.create({ data: { name, providerId: provider.id, ...wanted }, select: { id: true } }),
      update: (id) => tx.providerKey.update({ where: { id }, data: wanted }),
    });
  }
}

/** Whether a sealed credential is this one; what cannot be opened, as after a change of the encryption key, is not. */
function opens(sealed: string, providerId: string, credential: string): boolean {
  try {
    return secrets().sealer.open(sealed, contextOf(providerId)).reveal() === credential;
  } catch {
    // Sealed anew by the caller.
    return false;
  }
}

/** A sealed credential opens only for the provider that it was given to, as in the catalog. */
function contextOf(providerId: string): string {
  return `provider:${providerId}`;
}
