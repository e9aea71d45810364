import type { Metadata } from "next";
import { Playground } from "./playground";

export const metadata: Metadata = { title: "Playground" };

/** Where a model is tried, in the name of a key. */
export default function PlaygroundPage() {
  return <Playground />;
}
