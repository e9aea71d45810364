import { clearErrors, providerErrors } from "@/server/api/routing-errors";
import { resetRoute, routeHealth } from "@/server/api/routing-health";
import { createRule, deleteRule, listRules, orderRules, updateRule } from "@/server/api/routing-rules";
import { simulateCall } from "@/server/api/routing-simulate";
import { router } from "@/server/api/trpc";

/** Where calls go: the rules, the state of the ways, what failed of late, and a look at what the next call would do. */
export const routing = router({
  rules: listRules,
  createRule,
  updateRule,
  deleteRule,
  orderRules,
  health: routeHealth,
  reset: resetRoute,
  errors: providerErrors,
  clearErrors,
  simulate: simulateCall,
});
