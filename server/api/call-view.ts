import type { z } from "zod";
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

/** A call's row as a line in a list; token classes are summed. */
export function callRow(row: CallColumns): z.infer<typeof CallRow> {
  const { id, startedAt, requestId, keyId, keyName, groupName, model, providerName, upstreamModel } = row;
  const { operation, dialect, stream, status, errorKind, attempts, estimated, firstTokenMs, durationMs } = row;
  const tokens = tokensOf(row);
  return {
    ...{ id, startedAt, requestId, keyId, keyName, groupName, model, providerName, upstreamModel },
    ...{ operation, dialect, stream, status, errorKind, attempts, estimated, firstTokenMs, durationMs },
    inputTokens: tokens.input + tokens.cachedInput + tokens.cacheWrite + tokens.cacheWrite1h + tokens.audioInput,
    outputTokens: tokens.output + tokens.reasoning + tokens.audioOutput,
    costUsd: row.costNano === null ? null : usdText(row.costNano),
  };
}

type Detail = z.infer<typeof CallDetail>;
type Explanation = Pick<Detail, "lines" | "adjustments" | "netCostUsd">;

/** Everything known of a call but how its cost came about, with the price that it was billed at. */
export function callDetail(row: WholeCall, price: z.infer<typeof PriceView> | null): Omit<Detail, keyof Explanation> {
  const { errorMessage, finishReason, groupId, deploymentId, providerId, providerKeyName } = row;
  const { clientIp, userAgent, tags, dropped } = row;
  return {
    ...callRow(row),
    ...{ errorMessage, finishReason, groupId, deploymentId, providerId, providerKeyName },
    ...{ clientIp, userAgent, tags, dropped, price },
    tokens: tokensOf(row),
  };
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
