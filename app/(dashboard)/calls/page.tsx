import type { Metadata } from "next";
import { Calls } from "./calls";

export const metadata: Metadata = { title: "Calls" };

/** The ledger: every call with its tokens, cost and times. */
export default function CallsPage() {
  return <Calls />;
}
