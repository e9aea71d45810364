import { existsSync } from "node:fs";

/** The browser that drives the tests: CHROMIUM_PATH, else where Debian installs it. */
export const chromiumPath = process.env.CHROMIUM_PATH || "/usr/bin/chromium";

/** Says before the first test what is missing; each test on its own would fail with much less clear words. */
export default function requireChromium(): void {
  if (existsSync(chromiumPath)) return;
  throw new Error(
    `The browser tests need Chromium, and there is none at ${chromiumPath}. ` +
      "Install it (Debian, Ubuntu: apt-get install chromium) or set CHROMIUM_PATH to a Chromium or Chrome.",
  );
}
