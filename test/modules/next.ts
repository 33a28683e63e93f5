import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Checks, works } from "./check.ts";
import { shell, write } from "./install.ts";
import type { Section } from "./page.ts";

const ROUTE = "app/api/hold/route.ts";

export function nextChecks(section: Section, consumer: string): Checks {
  const folder = write(consumer, { [ROUTE]: section.file(ROUTE) });
  const ask = fileURLToPath(new URL("next-server.ts", import.meta.url));
  return {
    "next build --webpack": () => works(shell("npx next build --webpack", folder), "/api/hold"),
    "next build": () => works(shell("npx next build", folder), "/api/hold"),
    // A hold, one without room, and the first one again.
    "the route answers": () =>
      works(
        shell(`node ${ask}`, folder),
        [
          '200 {"kind":"held"}',
          '402 {"kind":"refused","lacking":[{"scope":"run:42","by":"0.20"}]}',
          '200 {"kind":"exists","state":"open"}',
        ].join("\n"),
      ),
    "Next.js writes a target without BigInt literals": () => {
      const config = readFileSync(join(folder, "tsconfig.json"), "utf8");
      return config.includes('"target": "ES2017"') ? null : config;
    },
  };
}
