/** The one part of undici that is used; the whole of it takes ten megabytes and a twentieth of a second at start. */
declare module "undici/lib/dispatcher/agent.js" {
  import type { Agent } from "undici";

  const Constructor: typeof Agent;
  export default Constructor;
}

declare module "undici/lib/core/errors.js" {
  import type { errors } from "undici";

  const all: typeof errors;
  export default all;
}
