// Run in the built Next.js project: starts it, asks its route three times, prints the answers, and stops it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const server = spawn(process.execPath, ["node_modules/next/dist/bin/next", "start", "--port", "0"], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const url = await listening();
  for (const id of ["call-1", "call-2", "call-1"]) {
    const response = await fetch(`${url}/api/hold`, { method: "POST", body: JSON.stringify({ id }) });
    console.log(`${response.status} ${await response.text()}`);
  }
} finally {
  if (server.kill()) await once(server, "exit");
}

/** Where it listens, once it does. */
async function listening(): Promise<string> {
  let url: string | undefined;
  for await (const line of createInterface({ input: server.stdout })) {
    url ??= /http:\/\/localhost:\d+/.exec(line)?.[0];
    if (url !== undefined && line.includes("Ready")) return url;
  }
  throw new Error("next start ended before it was ready");
}
