import { request } from "node:http";
import { GatewayError } from "@/server/errors";

/** The machine's own metadata service; nothing else may be asked for here, and no provider's address leads to it. */
const HOST = "169.254.169.254";
const LIMIT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;

const paths = [
  "/computeMetadata/v1/instance/service-accounts/default/token",
  "/computeMetadata/v1/project/project-id",
] as const;

/**
 * What Google's metadata service says to the machine that this process runs on. Rejects with `upstream_unavailable` where
 * there is none, and `upstream_denied` where the machine has no service account. It is the one address that the outbound
 * client always refuses, so it is asked directly. Source: Google Cloud, "View and query VM metadata".
 */
export function fetchMetadata(path: (typeof paths)[number], host = HOST, port = 80): Promise<string> {
  return new Promise((resolve, reject) => {
    const none = (cause?: unknown) =>
      reject(new GatewayError("upstream_unavailable", "This machine has no Google metadata service.", { cause }));
    const asked = request(
      { host, port, path, headers: { "metadata-flavor": "Google" }, timeout: LIMIT_MS, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_ANSWER_BYTES) response.destroy();
          else chunks.push(chunk);
        });
        response.on("error", none);
        response.on("close", () => {
          // Anything else that answers at this address is not to be believed.
          if (!response.complete || response.headers["metadata-flavor"] !== "Google") none();
          else if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8"));
          else reject(new GatewayError("upstream_denied", "This machine has no Google service account."));
        });
      },
    );
    asked.on("timeout", () => asked.destroy(new Error("The metadata service did not answer in time.")));
    asked.on("error", none);
    asked.end();
  });
}
