import { CopyButton } from "./copy-button";
import { useOrigin } from "./origin";

/** The address that callers put into their SDK, ready to copy. */
export function BaseUrl() {
  const origin = useOrigin();
  if (!origin) return null;
  const url = `${origin}/v1`;
  return (
    <div className="mr-1 hidden items-center gap-1 rounded-md border bg-surface pl-2.5 md:flex">
      <span className="text-muted-foreground text-xs">Base URL</span>
      <code className="font-mono text-xs">{url}</code>
      <CopyButton text={url} label="Copy the base URL" />
    </div>
  );
}
