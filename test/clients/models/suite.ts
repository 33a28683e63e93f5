import type { Count } from "../../runtimes/count.ts";
import { bareChecks, type Stage } from "./bare.ts";
import { type Checks, runChecks } from "./checks.ts";
import type { Client } from "./client.ts";
import { clients } from "./clients/clients.ts";
import { fetchFrom, strays, trapPlatformFetch } from "./fetch.ts";
import { crowdChecks } from "./guarded/crowd.ts";
import { deedChecks } from "./guarded/deeds.ts";
import { guardedChecks } from "./guarded/guarded.ts";
import { providerServer } from "./server.ts";

/**
 * Runs the checks of every client, or of those with `only` in their names, and prints a line for each.
 *
 * @throws RangeError if there is no such client.
 */
export async function runSuite(only = ""): Promise<readonly Count[]> {
  const chosen = clients.filter(({ name }) => name.includes(only));
  if (chosen.length === 0) {
    throw new RangeError(`--only takes a part of one of: ${clients.map(({ name }) => name).join("; ")}`);
  }
  trapPlatformFetch();
  const counts = await Promise.all(chosen.map(runClient));
  const alone = await runChecks("all clients", {
    "use the fetch that they are given, and no other": () =>
      strays.length === 0 ? Promise.resolve() : Promise.reject(new Error(strays.join())),
  });
  return [...counts, alone];
}

/** With a server of its own, so that clients need not wait for each other. */
async function runClient(client: Client): Promise<Count> {
  const server = await providerServer();
  const { fetch, close } = fetchFrom(server);
  try {
    const stage: Stage = { client, server, fetch };
    return await runChecks(client.name, {
      ...named("bare", bareChecks(stage)),
      ...named("guarded", { ...guardedChecks(stage), ...crowdChecks(stage), ...deedChecks(stage) }),
    });
  } finally {
    await close();
    await server.close();
  }
}

function named(prefix: string, checks: Checks): Checks {
  return Object.fromEntries(Object.entries(checks).map(([name, check]) => [`${prefix}: ${name}`, check]));
}
