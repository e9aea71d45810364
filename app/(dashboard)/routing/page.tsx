import type { Metadata } from "next";
import { Routing } from "./routing";

export const metadata: Metadata = { title: "Routing" };

/** Where calls go and why: rules, the state of the ways to upstreams, what failed, and a tester. */
export default function RoutingPage() {
  return <Routing />;
}
