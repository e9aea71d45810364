import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { at, parsed } from "@/tests/matrix/json";
import { type Asked, type Play, REFUSAL } from "@/tests/matrix/said";
import { familyAt } from "@/tests/matrix/vendors";
import type { Thought } from "@/tests/matrix/vendors/chat";
import type { Tells } from "@/tests/matrix/vendors/family";

/** One request as a vendor understood it. */
export type Heard = { asked: Asked; path: string; headers: IncomingHttpHeaders; tells: Tells };

/** Every vendor at one port, each below its row's name. */
export type Vendors = {
  readonly url: string;
  /** What was asked of a vendor with this word in the prompt, in order. */
  heard(word: string): readonly Heard[];
  stop(): Promise<void>;
};

/** The prompt that makes a vendor play, with a word by which the request is found again. */
export function promptFor(play: Play, word: string): string {
  return `Which city? <<${play} ${word}>>`;
}

const MARK = /<<(\w+) ([\w-]+)>>/;
const STREAMS = /stream/i;

/** Starts the vendors; `thoughtOf` says where the one of a row puts its reasoning. */
export async function startVendors(thoughtOf: (row: string) => Thought): Promise<Vendors> {
  const heard = new Map<string, Heard[]>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces).toString("utf8");
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (path === "/token") {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ access_token: "token-of-the-account", expires_in: 3600 }));
      return;
    }
    const [, play, word] = MARK.exec(body) ?? [];
    const family = familyAt(path, thoughtOf(path.split("/")[1] ?? ""));
    if (!family || !isPlay(play) || word === undefined) {
      response.writeHead(404).end(JSON.stringify({ error: { message: `Nobody knows ${path}.` } }));
      return;
    }
    const value = parsed(body);
    const asked = family.asked(value);
    const list = heard.get(word) ?? [];
    heard.set(word, [...list, { asked, path, headers: request.headers, tells: family.tells }]);
    if (play === "rejected" || play === "limited") {
      const status = play === "rejected" ? 400 : 429;
      // SageMaker wraps what its server answers in a status of its own.
      const sent = path.includes("/invocations") ? 424 : status;
      response.writeHead(sent, { "content-type": "application/json", "retry-after": "7" });
      response.end(JSON.stringify(family.error(status, REFUSAL)));
      return;
    }
    const now = play === "tools" && asked.results.length > 0 ? "results" : play;
    if (at(value, "stream") === true || STREAMS.test(path) || path.endsWith("/predictions")) {
      const { contentType, body: bytes } = family.stream(now, value);
      response.writeHead(200, { "content-type": contentType }).end(bytes);
      return;
    }
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(family.whole(now, value)));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The vendors have no address.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    heard: (word) => heard.get(word) ?? [],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const PLAYS: readonly string[] = [
  ...["text", "tools", "results", "reasoning", "structured", "rejected", "limited", "cut"],
];

function isPlay(word: string | undefined): word is Play {
  return word !== undefined && PLAYS.includes(word);
}
