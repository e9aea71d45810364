"use client";

import { PageHeader } from "@/components/page-header";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { useUrlState } from "@/components/url-state";
import { Groups } from "./groups";
import { KeyList } from "./key-list";

/** Keys and groups, each on a tab of its own that the address names. */
export function Keys() {
  const [params, change] = useUrlState();
  const tab = params.get("tab") === "groups" ? "groups" : "keys";
  return (
    <Tabs value={tab} onValueChange={(next) => change({ tab: next === "groups" ? next : undefined, new: undefined })}>
      <PageHeader
        title="Keys"
        description="What callers sign in with. A group is a team or tenant that owns keys together."
      >
        <TabsList aria-label="Keys or groups">
          <TabsTrigger value="keys">Keys</TabsTrigger>
          <TabsTrigger value="groups">Groups</TabsTrigger>
        </TabsList>
      </PageHeader>
      <TabsContent value="keys">
        <KeyList />
      </TabsContent>
      <TabsContent value="groups">
        <Groups />
      </TabsContent>
    </Tabs>
  );
}
