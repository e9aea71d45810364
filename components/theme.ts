/** What the colours follow. `system` is the absence of a choice. */
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** The cookie that keeps the choice, so that the server can render it and nothing flashes. */
export const themeCookie = "conduit-theme";

/** The theme that a cookie's value names; anything unknown is `system`. */
export function themeFrom(value: string | undefined): Theme {
  return themes.find((theme) => theme === value) ?? "system";
}

/** Applies a theme to this page and keeps it for a year. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const maxAgeSeconds = theme === "system" ? 0 : 31_536_000;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is absent on plain http, which self-hosted dashboards use.
  document.cookie = `${themeCookie}=${theme}; path=/; max-age=${maxAgeSeconds}; samesite=lax`;
}
