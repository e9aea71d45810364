import { openApiDocument } from "@/server/api/openapi";

const document = openApiDocument("/api/admin");

/** The description of the admin REST view; it names routes only, so that tools may read it without the backend key. */
export const GET = (): Response => Response.json(document);
