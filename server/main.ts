import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Compiled code is kept beside the build: a start then takes about two thirds of the time. It must be on before the rest is read,
// and where the folder cannot be written Node goes on without.
enableCompileCache(fileURLToPath(new URL("compile-cache", import.meta.url)));
const { main } = await import("@/server/process");
await main();
