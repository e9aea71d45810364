import { restResponse } from "@/server/api/rest";
import { boot } from "@/server/boot";

const handler = async (request: Request): Promise<Response> => {
  await boot();
  return restResponse(request, "/api/admin");
};

export { handler as DELETE, handler as GET, handler as PATCH, handler as POST, handler as PUT };
