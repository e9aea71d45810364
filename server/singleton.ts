/**
 * Makes a value once a process. Next bundles pages, route handlers and instrumentation apart, each with its own copy of
 * every module, so module state alone would exist several times.
 */
export function singleton<T>(name: string, make: () => T): T {
  const store = globalThis as typeof globalThis & { __conduit?: Map<string, unknown> };
  store.__conduit ??= new Map();
  if (!store.__conduit.has(name)) store.__conduit.set(name, make());
  return store.__conduit.get(name) as T;
}
