import { audit } from "@/server/api/audit";
import { budgets } from "@/server/api/budgets";
import { calls } from "@/server/api/calls";
import { deployments } from "@/server/api/deployments";
import { groups } from "@/server/api/groups";
import { keys } from "@/server/api/keys";
import { ledger } from "@/server/api/ledger";
import { models } from "@/server/api/models";
import { moneySettings } from "@/server/api/money-settings";
import { notifications } from "@/server/api/notifications";
import { overview } from "@/server/api/overview";
import { prices } from "@/server/api/prices";
import { providers, providerTypes } from "@/server/api/providers";
import { routing } from "@/server/api/routing";
import { setup } from "@/server/api/setup";
import { callerFactory, router } from "@/server/api/trpc";
import { webhooks } from "@/server/api/webhooks";

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
  budgets,
  ledger,
  moneySettings,
  notifications,
  prices,
  routing,
  setup,
  webhooks,
});

export type AppRouter = typeof appRouter;

/** Calls procedures directly, for a given context. */
export const createCaller = callerFactory(appRouter);
