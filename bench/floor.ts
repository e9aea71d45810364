import { createServer } from "node:http";
import { Agent, request as send } from "undici";

/** The least that a proxy in this runtime can do: read a request, send it on, send back what comes. */

const target = `${process.env.UPSTREAM}/chat/completions`;
const dispatcher = new Agent({ connections: 512, pipelining: 1, keepAliveTimeout: 30_000 });
const headers = { "content-type": "application/json", authorization: "Bearer sk-bench" };

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    const [first] = pieces;
    forward(pieces.length === 1 && first ? first : Buffer.concat(pieces)).catch(() => response.destroy());
  });
  const forward = async (body: Buffer): Promise<void> => {
    const answer = await send(target, { method: "POST", headers, body, dispatcher });
    const length = answer.headers["content-length"];
    const type = String(answer.headers["content-type"]);
    response.writeHead(
      answer.statusCode,
      length === undefined ? { "content-type": type } : { "content-type": type, "content-length": String(length) },
    );
    answer.body.on("error", () => response.destroy());
    answer.body.pipe(response);
  };
});
server.listen(Number(process.env.PORT), "127.0.0.1");
