import { connect, createServer, type Socket } from "node:net";

/** A line to a server that a test can cut. */
export type TcpProxy = {
  /** The URL with this line's address for the server's. */
  url(of: string): string;
  /** Closes every connection and takes no new one. */
  cut(): void;
  /** Keeps every connection open, old and new, and carries nothing. */
  freeze(): void;
  /** Works again, for new connections. */
  mend(): void;
  stop(): Promise<void>;
};

/** Starts a line on a free port of 127.0.0.1 to the host and port of `target`. */
export async function startTcpProxy(target: URL): Promise<TcpProxy> {
  let state: "up" | "cut" | "frozen" = "up";
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    // Cut connections are what this is for.
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  };
  const closeAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    keep(near);
    if (state === "cut") return near.destroy();
    if (state === "frozen") return near.pause();
    const far = connect(Number(target.port), target.hostname);
    keep(far);
    near.pipe(far).pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The line has no address.");
  return {
    url: (of) => Object.assign(new URL(of), { port: String(address.port) }).href,
    cut: () => {
      state = "cut";
      closeAll();
    },
    freeze: () => {
      state = "frozen";
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend: () => {
      state = "up";
      closeAll();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        closeAll();
      }),
  };
}
