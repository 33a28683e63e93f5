import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { listening, portOf } from "./ports.ts";

/** Which connection to cut: `before` the statement has reached the server, or `after` the server's answer. */
export type When = "before" | "after";

export interface Cut {
  readonly when: When;
  /** Bytes that only the statement to cut contains. */
  readonly marker: string;
  /** Whether these bytes of the server end an answer; before that, the outcome is not certain. */
  readonly isAnswered: (bytes: Buffer) => boolean;
}

/** PostgreSQL is ready for the next query outside any transaction, so the last one is committed. */
export function isReadyForQuery(bytes: Buffer): boolean {
  return bytes.subarray(-6).equals(Buffer.from("Z\0\0\0\x05I", "latin1"));
}

/** A TCP proxy for a server that cuts a connection at a marked statement. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The number of connections that were cut. */
  cuts = 0;

  private constructor({ hostname, port }: URL, cut: Cut) {
    this.#server = createServer((client) => {
      this.#relay(client, connect(Number(port), hostname), cut);
    });
  }

  /** @param target - the server's URL, with its port. */
  static async start(target: URL, cut: Cut): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, cut);
    await listening(proxy.#server);
    return proxy;
  }

  /** The server's URL, with the proxy's address. */
  through(target: URL): string {
    const url = new URL(target);
    url.host = `127.0.0.1:${String(portOf(this.#server))}`;
    return url.href;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #relay(client: Socket, server: Socket, { when, marker, isAnswered }: Cut): void {
    const drop = (): void => {
      client.destroy();
      server.destroy();
    };
    const cut = (): void => {
      this.cuts++;
      // A reset and not a normal end, as if the machine had failed.
      client.resetAndDestroy();
      server.destroy();
    };
    let asked = "";
    let isMarked = false;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", drop).on("close", () => {
        this.#sockets.delete(socket);
        drop();
      });
    }
    client.on("data", (bytes) => {
      // A statement may arrive in pieces.
      asked = (asked + bytes.toString("latin1")).slice(-100_000);
      isMarked ||= asked.includes(marker);
      if (isMarked && when === "before") cut();
      else server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (isMarked && isAnswered(bytes)) cut();
      else client.write(bytes);
    });
  }
}
