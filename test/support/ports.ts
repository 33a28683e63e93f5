import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Listens on a free port of this machine. */
export async function listening(server: Server): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

/** Where it listens. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen on a port");
  return address.port;
}

/** A port that nobody listens on, for a program that takes no other answer. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await listening(server);
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}
