import { audit } from "@/server/api/audit";
import { calls } from "@/server/api/calls";
import { deployments } from "@/server/api/deployments";
import { groups } from "@/server/api/groups";
import { keys } from "@/server/api/keys";
import { models } from "@/server/api/models";
import { overview } from "@/server/api/overview";
import { providers, providerTypes } from "@/server/api/providers";
import { setup } from "@/server/api/setup";
import { callerFactory, router } from "@/server/api/trpc";

/** Everything that the dashboard and the admin REST view can do: one router a noun. */
export const appRouter = router({
  audit,
  calls,
  deployments,
  groups,
  keys,
  models,
  overview,
  providerTypes,
  providers,
  setup,
});

export type AppRouter = typeof appRouter;

/** Calls procedures directly, for a given context. */
export const createCaller = callerFactory(appRouter);
