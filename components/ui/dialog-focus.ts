import { useRef } from "react";

/** What the newest dialog was opened from, for one that takes its place: the focus is then nowhere. */
let opened: HTMLElement | null = null;

/** What last had the focus: a menu that has just closed leaves it nowhere for a moment, in which the dialog may open. */
let focused: HTMLElement | null = null;
if (typeof document !== "undefined")
  document.addEventListener("focusin", () => {
    focused = openerNow() ?? focused;
  });

/**
 * Moves the focus into a dialog: to its first field, to the dialog as a whole, or to the first control, which is what Radix does
 * and often the button that closes it. And back to what it was opened from, which Radix does only for a trigger inside it.
 */
export function useDialogFocus(to: "field" | "dialog" | "control") {
  const opener = useRef<HTMLElement>(null);
  return {
    onOpenAutoFocus: (event: Event) => {
      opened = openerNow() ?? opened ?? focused;
      opener.current = opened;
      const dialog = event.currentTarget;
      if (to === "control" || !(dialog instanceof HTMLElement)) return;
      event.preventDefault();
      const target = (to === "field" ? firstField(dialog) : null) ?? dialog;
      target.focus({ preventScroll: true });
    },
    // Comes after the next dialog has opened.
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      opened = null;
      const target = opener.current?.isConnected ? opener.current : document.getElementById("content");
      target?.focus({ preventScroll: true });
    },
  };
}

/** An entry of a menu is gone when the dialog closes; the menu's button is still there. */
function openerNow(): HTMLElement | null {
  const active = document.activeElement;
  const menu = active?.closest("[role=menu]");
  const element = menu ? document.getElementById(menu.getAttribute("aria-labelledby") ?? "") : active;
  return element instanceof HTMLElement && element !== document.body ? element : null;
}

/** None where a finger points: a keyboard on the screen would cover the dialog. */
function firstField(dialog: HTMLElement): HTMLElement | null {
  if (!window.matchMedia("(pointer: fine)").matches) return null;
  return dialog.querySelector<HTMLElement>("input:enabled:not([type=hidden]), textarea:enabled");
}
