/** Puts a text on the clipboard; rejects when the browser refuses. On plain http, where there is no Clipboard API, it copies a selection. */
export async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.style.cssText = "position:fixed;opacity:0";
  // Inside an open dialog, or its focus trap would take the selection away.
  const host = document.querySelector('[role="dialog"][data-state="open"]') ?? document.body;
  host.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("Copying was refused.");
}
