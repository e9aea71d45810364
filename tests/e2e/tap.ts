import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";

/** One request and its answer as they went over the wire; each part is head and body as text. */
export type Exchange = { readonly name: string; request: string; response: string };

/** Stands between a browser and the app, passes everything on and keeps it. */
export type Tap = {
  /** Where the app is to be visited; without a path or trailing slash. */
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  stop(): Promise<void>;
};

/** Listens before an app. A browser itself forgets bodies when it goes to another page, and does not tell of all of them. */
export async function startTap(appUrl: string): Promise<Tap> {
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => {
    const exchange: Exchange = { name: `${request.method} ${request.url?.split("?")[0]}`, request: "", response: "" };
    exchanges.push(exchange);
    pass(new URL(request.url ?? "/", appUrl), request, response, exchange);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The tap has no address.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    exchanges,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(url: URL, request: IncomingMessage, response: ServerResponse, exchange: Exchange): void {
  exchange.request = `${request.url}\n${request.rawHeaders.join("\n")}\n\n`;
  request.on("data", (piece: Buffer) => {
    exchange.request += piece.toString("latin1");
  });
  // A compressed answer could not be searched.
  const headers = { ...request.headers, "accept-encoding": "identity" };
  const onward = send(url, { method: request.method, headers }, (answer) => {
    exchange.response = `${answer.statusCode}\n${answer.rawHeaders.join("\n")}\n\n`;
    answer.on("data", (piece: Buffer) => {
      exchange.response += piece.toString("latin1");
    });
    answer.on("error", () => response.destroy());
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}
