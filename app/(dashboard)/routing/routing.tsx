"use client";

import { PageHeader } from "@/components/page-header";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { useUrlState } from "@/components/url-state";
import { Errors } from "./errors";
import { Health } from "./health";
import { Rules } from "./rules";
import { Simulator } from "./simulator";

const tabs = [
  { id: "rules", label: "Rules" },
  { id: "health", label: "Health" },
  { id: "errors", label: "Errors" },
  { id: "simulator", label: "Tester" },
] as const;

/** Rules, health, errors and the tester, each on a tab of its own that the address names. */
export function Routing() {
  const [params, change] = useUrlState();
  const tab = tabs.find(({ id }) => id === params.get("tab"))?.id ?? "rules";
  return (
    <Tabs value={tab} onValueChange={(next) => change({ tab: next === "rules" ? undefined : next, rule: undefined })}>
      <PageHeader
        title="Routing"
        description="Where a call goes, what stands in the way, and where the next one would go."
      >
        <TabsList aria-label="Parts of routing">
          {tabs.map(({ id, label }) => (
            <TabsTrigger key={id} value={id}>
              {label}
            </TabsTrigger>
          ))}
        </TabsList>
      </PageHeader>
      <TabsContent value="rules">
        <Rules />
      </TabsContent>
      <TabsContent value="health">
        <Health />
      </TabsContent>
      <TabsContent value="errors">
        <Errors />
      </TabsContent>
      <TabsContent value="simulator">
        <Simulator />
      </TabsContent>
    </Tabs>
  );
}
