import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Points the process at a folder of its own. The environment is read when server modules are loaded: a test file imports
 * this first.
 */
process.env.CONDUIT_DATA_DIR = mkdtempSync(join(tmpdir(), "conduit-config-"));
process.env.CONDUIT_CONFIG = join(process.env.CONDUIT_DATA_DIR, "conduit.json");
process.env.CONDUIT_LOG_LEVEL = "silent";
