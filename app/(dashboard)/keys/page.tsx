import type { Metadata } from "next";
import { Keys } from "./keys";

export const metadata: Metadata = { title: "Keys" };

/** What callers authenticate with, and the groups that own it. */
export default function KeysPage() {
  return <Keys />;
}
