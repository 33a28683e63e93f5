import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Cut } from "./agendas.ts";

/** A way to a server on which connections are cut where a seed says. */
export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cuts: readonly Cut[] = [];
  #told: (how: Cut["how"]) => void = () => undefined;
  #chunks = 0;

  private constructor(to: () => number) {
    this.#server = createServer((client) => {
      this.#join(client, connect(to(), "127.0.0.1"));
    });
  }

  static async start(to: () => number): Promise<Proxy> {
    const proxy = new Proxy(to);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return address.port;
  }

  /** From here on, counted over all connections. */
  cutAt(cuts: readonly Cut[], told: (how: Cut["how"]) => void = () => undefined): void {
    this.#cuts = cuts;
    this.#told = told;
    this.#chunks = 0;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, server: Socket): void {
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      // Whatever ends one side ends the other; what was written before still arrives.
      one.on("error", () => undefined);
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroySoon();
      });
    }
    server.on("data", (chunk) => client.write(chunk));
    client.on("data", (chunk) => {
      const count = ++this.#chunks;
      const cut = this.#cuts.find((one) => one.chunk === count);
      if (cut === undefined) server.write(chunk);
      else this.#cut(cut.how, chunk, client, server);
    });
  }

  #cut(how: Cut["how"], chunk: Buffer, client: Socket, server: Socket): void {
    this.#told(how);
    const passed = { before: 0, half: Math.floor(chunk.length / 2), after: chunk.length }[how];
    // The server reads what came, and then the end.
    server.end(chunk.subarray(0, passed));
    server.removeAllListeners("data").resume();
    client.destroy();
  }
}
