import { z } from "zod";
import type { CallDetail, CallRow } from "@/server/api/calls.schema";
import type { PriceView } from "@/server/api/deployments.schema";
import type { Prisma } from "@/server/db/generated/client";
import { usdText } from "@/server/money";
import type { Explained } from "@/server/state/explain";

/** The columns that a line in the list of calls is shown from. */
export const callColumns = {
  id: true,
  startedAt: true,
  requestId: true,
  keyId: true,
  keyName: true,
  groupName: true,
  model: true,
  providerId: true,
  providerName: true,
  upstreamModel: true,
  operation: true,
  dialect: true,
  stream: true,
  status: true,
  errorKind: true,
  attempts: true,
  inputTokens: true,
  cachedInputTokens: true,
  cacheWriteTokens: true,
  cacheWrite1hTokens: true,
  audioInputTokens: true,
  outputTokens: true,
  reasoningTokens: true,
  audioOutputTokens: true,
  estimated: true,
  costNano: true,
  firstTokenMs: true,
  durationMs: true,
} satisfies Prisma.CallSelect;

type CallColumns = Prisma.CallGetPayload<{ select: typeof callColumns }>;
type WholeCall = Prisma.CallGetPayload<object>;

/** The ids of providers that only demonstrate. */
export type Demos = ReadonlySet<string>;

/** A call's row as a line in a list; token classes are summed. */
export function callRow(row: CallColumns, demos: Demos): z.infer<typeof CallRow> {
  const { id, startedAt, requestId, keyId, keyName, groupName, model, providerName, upstreamModel } = row;
  const { operation, dialect, stream, status, errorKind, attempts, estimated, firstTokenMs, durationMs } = row;
  const tokens = tokensOf(row);
  return {
    ...{ id, startedAt, requestId, keyId, keyName, groupName, model, providerName, upstreamModel },
    ...{ operation, dialect, stream, status, errorKind, attempts, estimated, firstTokenMs, durationMs },
    demo: row.providerId !== null && demos.has(row.providerId),
    inputTokens: tokens.input + tokens.cachedInput + tokens.cacheWrite + tokens.cacheWrite1h + tokens.audioInput,
    outputTokens: tokens.output + tokens.reasoning + tokens.audioOutput,
    costUsd: row.costNano === null ? null : usdText(row.costNano),
  };
}

type Detail = z.infer<typeof CallDetail>;
type Explanation = Pick<Detail, "lines" | "adjustments" | "netCostUsd">;

/** Everything known of a call but how its cost came about, with the price that it was billed at. */
export function callDetail(
  row: WholeCall,
  price: z.infer<typeof PriceView> | null,
  demos: Demos,
): Omit<Detail, keyof Explanation> {
  const { errorMessage, finishReason, groupId, deploymentId, providerId, providerKeyName } = row;
  const { clientIp, userAgent, tags, dropped } = row;
  return {
    ...callRow(row, demos),
    ...{ errorMessage, finishReason, groupId, deploymentId, providerId, providerKeyName },
    ...{ clientIp, userAgent, tags, dropped, price },
    trace: traceOf(row),
    tokens: tokensOf(row),
  };
}

/** An attempt as the ledger keeps it. */
const KeptAttempt = z.object({
  model: z.string(),
  provider: z.string(),
  upstream_model: z.string(),
  key: z.string().optional(),
  at: z.number(),
  waited: z.number().optional(),
  took: z.number().optional(),
  status: z.number().optional(),
  error: z.string().optional(),
  message: z.string().optional(),
  cost_nano: z.string().optional(),
});

/** Of a call whose only attempt succeeded the ledger keeps no list: its row says the same. */
function traceOf(row: WholeCall): Detail["trace"] {
  const kept = z.array(KeptAttempt).safeParse(row.trace ?? []);
  if (kept.success && kept.data.length > 0)
    return kept.data.map((attempt) => ({
      model: attempt.model,
      providerName: attempt.provider,
      upstreamModel: attempt.upstream_model,
      providerKeyName: attempt.key ?? null,
      atMs: attempt.at,
      waitedMs: attempt.waited ?? 0,
      tookMs: attempt.took ?? null,
      status: attempt.status ?? null,
      errorKind: attempt.error ?? null,
      errorMessage: attempt.message ?? null,
      costUsd: attempt.cost_nano === undefined ? null : usdText(BigInt(attempt.cost_nano)),
    }));
  const { model, providerName, upstreamModel, providerKeyName, durationMs, status, errorKind, errorMessage } = row;
  if (row.attempts === 0 || providerName === null || upstreamModel === null) return [];
  const times = { atMs: 0, waitedMs: 0, tookMs: durationMs };
  const only = { model: model ?? "", providerName, upstreamModel, providerKeyName, status, errorKind, errorMessage };
  return [{ ...only, ...times, costUsd: null }];
}

/** How a call's cost came about; nothing where that is not known. */
export function explanation(explained: Explained | undefined): Explanation {
  const { lines = [], adjustments = [], netNano = null } = explained ?? {};
  return {
    lines: lines.map(({ rateNano, permille, amountNano, ...line }) => ({
      ...line,
      rateUsd: usdText(BigInt(rateNano)),
      factor: permille / 1_000,
      amountUsd: usdText(amountNano),
    })),
    adjustments: adjustments.map(({ deltaNano, ...one }) => ({ ...one, deltaUsd: usdText(deltaNano) })),
    netCostUsd: netNano === null ? null : usdText(netNano),
  };
}

function tokensOf(row: CallColumns): z.infer<typeof CallDetail>["tokens"] {
  return {
    input: Number(row.inputTokens),
    cachedInput: Number(row.cachedInputTokens),
    cacheWrite: Number(row.cacheWriteTokens),
    cacheWrite1h: Number(row.cacheWrite1hTokens),
    audioInput: Number(row.audioInputTokens),
    output: Number(row.outputTokens),
    reasoning: Number(row.reasoningTokens),
    audioOutput: Number(row.audioOutputTokens),
  };
}
