import { useRef } from "react";

/** What the newest dialog was opened from, for one that takes its place: the focus is then nowhere. */
let opened: HTMLElement | null = null;

/**
 * Moves the focus into a dialog, with `toField` to its first field, and back to what it was opened from. Radix does the
 * second only for a dialog with a trigger inside it.
 */
export function useDialogFocus({ toField = false } = {}) {
  const opener = useRef<HTMLElement>(null);
  return {
    onOpenAutoFocus: (event: Event) => {
      opened = openerNow() ?? opened;
      opener.current = opened;
      const field = toField && event.currentTarget instanceof HTMLElement && firstField(event.currentTarget);
      if (!field) return;
      event.preventDefault();
      field.focus();
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
