import { generateOpenApiDocument } from "trpc-to-openapi";
import { appRouter } from "@/server/api/root";

/** The admin REST view as an OpenAPI 3.1 document; `baseUrl` is where it is served. */
export function openApiDocument(baseUrl: string) {
  const document = generateOpenApiDocument(appRouter, {
    title: "Conduit admin API",
    description: "Providers, models, keys, spend and calls of a Conduit gateway. Every request needs the backend key.",
    version: "1",
    baseUrl,
    securitySchemes: {
      bearer: { type: "http", scheme: "bearer", description: "The backend key." },
      apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "The backend key." },
      masterKey: { type: "apiKey", in: "header", name: "x-master-key", description: "The backend key." },
    },
  });
  // The library describes errors as it would send them itself.
  for (const name of Object.keys(document.components?.schemas ?? {})) {
    if (name.startsWith("error.") && document.components?.schemas) document.components.schemas[name] = errorBody();
  }
  return document;
}

const text = { type: "string" as const };

function errorBody() {
  const error = {
    type: "object" as const,
    required: ["message", "type", "param", "code"],
    properties: {
      message: text,
      type: { ...text, enum: ["invalid_request_error", "api_error"] },
      param: { type: ["string" as const, "null" as const], description: "The field at fault." },
      code: { ...text, description: "Such as bad_request, not_found or conflict." },
    },
  };
  return { type: "object" as const, required: ["error"], properties: { error } };
}
