import NextAuth from "next-auth";
import { authOptions } from "@/server/auth";
import { boot } from "@/server/boot";

/** Sign-in forms are small, and anyone may send one. */
const LIMIT_BYTES = 16 * 1024;

type Segments = { params: Promise<{ nextauth: string[] }> };

const handler = async (request: Request, segments: Segments): Promise<Response> => {
  if (request.method === "POST" && !(Number(request.headers.get("content-length") ?? Number.NaN) <= LIMIT_BYTES)) {
    return Response.json({ error: "The form is too large, or its length is not given." }, { status: 413 });
  }
  await boot();
  return NextAuth(authOptions)(request, segments);
};

export { handler as GET, handler as POST };
