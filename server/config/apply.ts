import { applyGroups, applyVirtualKeys } from "@/server/config/apply-keys";
import { applyLimits } from "@/server/config/apply-limits";
import { applyModels } from "@/server/config/apply-models";
import { applyProviders } from "@/server/config/apply-providers";
import { applyRules } from "@/server/config/apply-rules";
import { type Applied, Changes } from "@/server/config/changes";
import { APPLIED, type Declared, readDeclared, writeDeclared, writeSetting } from "@/server/config/declared";
import type { Config } from "@/server/config/parse";
import { removeUndeclared } from "@/server/config/remove";
import { prisma } from "@/server/db/prisma";

/** Far more than thousands of objects take. */
const TIMEOUT_MS = 300_000;

/**
 * Makes the stored objects what the file declares, in one transaction: creates, updates and adopts by name, and removes
 * what an earlier state of the file declared. Only differences are written, so a second run writes nothing.
 */
export function applyConfig(config: Config, fingerprint: string): Promise<Applied> {
  return prisma().$transaction(
    async (tx) => {
      // Replicas that start together apply one after another; a refresh of prices and edits of fallbacks wait as well.
      for (const lock of ["conduit_config", "conduit_fallbacks", "conduit_prices"]) {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${lock}))`;
      }
      const changes = new Changes();
      const before = await readDeclared(tx);
      const after: Declared = { balances: {}, prices: {} };
      const providerIds = await applyProviders(tx, changes, config.providers);
      await applyModels({ tx, changes, providerIds, providers: config.providers, before, after }, config.models);
      const groupIds = await applyGroups(tx, changes, config.groups, { before, after });
      await applyVirtualKeys(tx, changes, config.virtualKeys, groupIds);
      await applyRules(tx, changes, config.rules);
      await applyLimits(tx, changes, config.limits);
      await removeUndeclared(tx, changes);
      if (changes.audit.length > 0) await tx.auditEntry.createMany({ data: changes.audit });
      await writeDeclared(tx, after);
      await writeSetting(tx, APPLIED, fingerprint);
      return changes.applied;
    },
    { maxWait: TIMEOUT_MS, timeout: TIMEOUT_MS },
  );
}
