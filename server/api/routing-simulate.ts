import { notFound } from "@/server/api/errors";
import { SimulationInput, SimulationView } from "@/server/api/routing.schema";
import { adminProcedure, rest } from "@/server/api/trpc";
import { prisma } from "@/server/db/prisma";
import { simulate } from "@/server/gateway/simulate";

/** Tells where a request would go at this moment, from the state of this process. Nothing is sent. */
export const simulateCall = adminProcedure
  .meta(rest("POST", "/routing/simulate", "Tell where a request would go now, and why not elsewhere."))
  .input(SimulationInput)
  .output(SimulationView)
  .mutation(async ({ input }) => {
    const key = await prisma().virtualKey.findUnique({ where: { id: input.keyId }, select: { id: true } });
    if (!key) throw notFound("virtual key", "keyId");
    return simulate(input);
  });
