#!/usr/bin/env node
/**
 * Runs one of the project's tasks (`npm start`, `npm test` …) from any state of the checkout: it brings Node 24 where
 * the machine's own is too old, installs packages, generates the Prisma client and builds, each only when what it is
 * made from has changed. Plain JavaScript for old versions of Node, because it runs before anything is installed.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_VERSION = "24.21.0";
const OLDEST_NODE = [22, 12];
/** Settings may stand in a file; what the environment says itself wins. */
const ENV_FILE = "--env-file-if-exists=.env";
const root = dirname(dirname(fileURLToPath(import.meta.url)));
/**
 * How Node is run in each role. A small young generation and few of glibc's arenas, which hold what each thread once needed, keep
 * the role gateway below 150 MB under load; where the dashboard is loaded as well, memory is spent on fewer collections.
 */
const nodeSettings = JSON.parse(readFileSync(join(root, "cli", "node-settings.json"), "utf8"));
const stampDir = join(root, ".build");
const [task = "start", ...args] = process.argv.slice(2);

const tasks = {
  start: {
    needs: ["packages", "build"],
    run: () => {
      const { flags, env } = nodeSettings[role()] ?? nodeSettings.all;
      return exec("node", [ENV_FILE, ...flags, join(".build", "main.mjs"), ...args], {
        ...env,
        ...process.env,
        NODE_ENV: "production",
      });
    },
  },
  dev: {
    needs: ["packages", "client"],
    run: () =>
      exec("tsx", ["watch", ENV_FILE, "--clear-screen=false", "server/main.ts", ...args], { NODE_ENV: "development" }),
  },
  build: { needs: ["packages"], run: () => build() },
  check: { needs: ["packages", "client"], run: () => check() },
  format: { needs: ["packages"], run: () => exec("biome", ["check", "--write", ...args]) },
  test: { needs: ["packages", "build"], run: () => exec("vitest", ["run", ...args]) },
  "test:matrix": {
    needs: ["packages", "build"],
    run: () => exec("vitest", ["run", "tests/matrix/matrix.test.ts", ...args], { CONDUIT_MATRIX: "print" }),
  },
  "test:e2e": {
    needs: ["packages", "build"],
    run: () => exec("playwright", ["test", "--config", "tests/e2e/playwright.config.ts", ...args]),
  },
  bench: { needs: ["packages", "build"], run: () => exec("tsx", ["bench/run.ts", ...args]) },
  conduit: {
    needs: ["packages", "build"],
    run: () => exec("node", [ENV_FILE, join(".build", "conduit.mjs"), ...args]),
  },
  "db:migrate": {
    needs: ["packages", "build"],
    run: () => exec("node", [ENV_FILE, join(".build", "main.mjs"), "migrate", ...args]),
  },
  "db:seed": {
    needs: ["packages", "build"],
    run: () => exec("node", [ENV_FILE, join(".build", "main.mjs"), "seed", ...args]),
  },
};

const chosen = tasks[task];
if (!chosen) fail(`There is no task "${task}". Tasks: ${Object.keys(tasks).join(", ")}.`);
bringNode();
process.env.PATH = [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
process.env.NEXT_TELEMETRY_DISABLED ??= "1";
for (const need of chosen.needs) ({ packages: ensurePackages, client: ensureClient, build: ensureBuild })[need]();
chosen.run();

/** The role that the process will have: as the environment says, or the file beside it. */
function role() {
  if (process.env.CONDUIT_ROLE) return process.env.CONDUIT_ROLE;
  const file = join(root, ".env");
  const said = existsSync(file) ? /^\s*CONDUIT_ROLE\s*=\s*["']?(\w+)/m.exec(readFileSync(file, "utf8")) : null;
  return said ? said[1] : "all";
}

/** Puts a Node that is new enough first on PATH, fetching it from npm once if need be. */
function bringNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  const home = join(root, ".node", NODE_VERSION);
  const bin = join(home, "node_modules", "node", "bin");
  if (!existsSync(join(bin, process.platform === "win32" ? "node.exe" : "node"))) {
    say(`Node ${process.versions.node} is too old to run Conduit; fetching Node ${NODE_VERSION} into .node/ …`);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), JSON.stringify({ private: true, allowScripts: { node: true } }));
    must("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", `node@${NODE_VERSION}`], {
      cwd: home,
    });
  }
  process.env.PATH = [bin, process.env.PATH].join(delimiter);
}

function ensurePackages() {
  // The Node version is part of it: npm picks packages by the version that it runs on.
  const made = hash([join(root, "package-lock.json")]) + nodeVersion();
  if (existsSync(join(root, "node_modules")) && readStamp("packages") === made) return;
  if (readStamp("packages") === "" && installedByHand()) return writeStamp("packages", made);
  say("Installing packages …");
  must("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root });
  writeStamp("packages", made);
}

/** Whether `npm ci` or `npm install` has run since the lock file last changed: npm keeps its own record of that. */
function installedByHand() {
  const record = join(root, "node_modules", ".package-lock.json");
  return existsSync(record) && statSync(record).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

function ensureClient() {
  const made = hash(files(join(root, "prisma", "schema"))) + readStamp("packages");
  if (existsSync(join(root, "server", "db", "generated")) && readStamp("client") === made) return;
  say("Generating the database client …");
  // The command insists on an engine binary although `generate` does not use one; any executable will do.
  must("prisma", ["generate"], { cwd: root, quiet: true, env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath } });
  writeStamp("client", made);
}

function ensureBuild() {
  const made = buildStamp();
  if (existsSync(join(stampDir, "main.mjs")) && readStamp("build") === made) return;
  build();
}

function buildStamp() {
  const sources = ["app", "components", "public", "server", "prisma"].flatMap((folder) => files(join(root, folder)));
  const commands = files(join(root, "cli")).filter((file) => file.endsWith(".ts"));
  const single = ["next.config.js", "postcss.config.mjs", "tsconfig.json", "instrumentation.ts"].map((name) =>
    join(root, name),
  );
  const kept = sources.filter((file) => !file.includes(`${join("db", "generated")}`) && !file.endsWith(".test.ts"));
  return hash([...kept, ...commands, ...single.filter((file) => existsSync(file))]) + readStamp("packages");
}

function build() {
  ensureClient();
  say("Building the server …");
  // Chunks are named by their content: old ones would pile up.
  for (const file of existsSync(stampDir) ? readdirSync(stampDir) : [])
    if (/\.mjs(\.map)?$/.test(file)) rmSync(join(stampDir, file));
  must(
    "esbuild",
    [
      "server/main.ts",
      "cli/conduit.ts",
      "--entry-names=[name]",
      "--bundle",
      "--platform=node",
      "--target=node22",
      "--format=esm",
      "--packages=external",
      "--splitting",
      "--sourcemap",
      "--outdir=.build",
      "--out-extension:.js=.mjs",
      "--log-level=warning",
    ],
    { cwd: root },
  );
  say("Building the dashboard …");
  must("next", ["build"], { cwd: root, quiet: true, env: { NODE_ENV: "production" } });
  writeStamp("build", buildStamp());
}

function check() {
  const steps = [
    ["biome", ["check", "--error-on-warnings"]],
    ["tsc", ["--noEmit"]],
    ["knip", []],
    ["vitest", ["run", "tests/architecture.test.ts"]],
  ];
  for (const [command, commandArgs] of steps) {
    say(`${command} ${commandArgs.join(" ")}`);
    must(command, commandArgs, { cwd: root });
  }
}

/** Every file below a folder, in a stable order. */
function files(folder) {
  if (!existsSync(folder)) return [];
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...files(path));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

function hash(paths) {
  const digest = createHash("sha256");
  for (const path of paths) digest.update(relative(root, path)).update("\0").update(readFileSync(path)).update("\0");
  return digest.digest("hex").slice(0, 24);
}

function nodeVersion() {
  return `-node${spawnSync("node", ["-p", "process.versions.modules"], { encoding: "utf8", env: process.env }).stdout.trim()}`;
}

function readStamp(name) {
  const path = join(stampDir, `${name}.stamp`);
  return existsSync(path) && statSync(path).isFile() ? readFileSync(path, "utf8") : "";
}

function writeStamp(name, value) {
  mkdirSync(stampDir, { recursive: true });
  writeFileSync(join(stampDir, `${name}.stamp`), value);
}

/** Runs a step to its end and stops with its output when it fails. */
function must(command, commandArgs, { cwd, quiet = false, env = {} }) {
  const done = spawnSync(command, commandArgs, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    shell: process.platform === "win32",
  });
  if (done.status === 0) return;
  if (quiet) process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}`);
  fail(`"${command} ${commandArgs.join(" ")}" failed${done.error ? `: ${done.error.message}` : "."}`, done.status ?? 1);
}

/** Hands this process's place to the task: signals reach it, and its exit code is ours. */
function exec(command, commandArgs, env = {}) {
  const child = spawn(command, commandArgs, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  child.on("error", (error) => fail(`${command} could not be started: ${error.message}`));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text, code = 1) {
  say(text);
  process.exit(code);
}
