import { z } from "zod";
import { notFound } from "@/server/api/errors";
import type { ProviderView } from "@/server/api/providers.schema";
import type { Prisma } from "@/server/db/generated/client";
import { providerType, providerTypes } from "@/server/providers/registry";

/** The columns of a provider's key that are ever read here; the sealed credential is not among them. */
export const providerKeyColumns = {
  id: true,
  name: true,
  hint: true,
  weight: true,
  rpm: true,
  tpm: true,
  concurrent: true,
  enabled: true,
  managed: true,
} satisfies Prisma.ProviderKeySelect;

/** The columns that a provider is shown from. */
export const providerColumns = {
  id: true,
  name: true,
  type: true,
  baseUrl: true,
  allowPrivateNetwork: true,
  headers: true,
  options: true,
  probeSeconds: true,
  rpm: true,
  tpm: true,
  concurrent: true,
  enabled: true,
  managed: true,
  createdAt: true,
  keys: { select: providerKeyColumns, orderBy: [{ createdAt: "asc" }, { id: "asc" }] },
  _count: { select: { deployments: true } },
} satisfies Prisma.ProviderSelect;

type ProviderRow = Prisma.ProviderGetPayload<{ select: typeof providerColumns }>;

const Headers = z.record(z.string(), z.string()).catch({});
const Options = z.record(z.string(), z.json()).catch({});

/** The types of provider that only demonstrate. */
export const demoTypes: readonly string[] = [...providerTypes.values()].flatMap(({ id, local }) => (local ? [id] : []));

/** A provider's row as it is shown. */
export function providerView({ _count, headers, options, ...row }: ProviderRow): z.infer<typeof ProviderView> {
  const type = providerType(row.type);
  return {
    ...row,
    typeLabel: type?.label ?? row.type,
    headers: Headers.parse(headers),
    options: Options.parse(options),
    demo: type?.local !== undefined,
    deployments: _count.deployments,
  };
}

/** A provider for an audit entry: header values may be private, so only their names are kept. */
export function providerFacts(view: z.infer<typeof ProviderView>): Record<string, unknown> {
  const { name, type, baseUrl, allowPrivateNetwork, options, probeSeconds, enabled, headers } = view;
  const { rpm, tpm, concurrent } = view;
  return {
    ...{ name, type, baseUrl, allowPrivateNetwork, options, probeSeconds, rpm, tpm, concurrent, enabled },
    headers: Object.keys(headers),
  };
}

/** The provider with this id as it is shown; throws NOT_FOUND. */
export async function findProvider(
  db: Pick<Prisma.TransactionClient, "provider">,
  id: string,
): Promise<z.infer<typeof ProviderView>> {
  const row = await db.provider.findUnique({ where: { id }, select: providerColumns });
  if (!row) throw notFound("provider");
  return providerView(row);
}
