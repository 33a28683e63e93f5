import { afterAll, beforeAll } from "vitest";

/** Resources that a test file starts, and that are closed after its tests. */
export function started<Of extends { close: () => Promise<unknown> }>(
  what: string,
  start: () => Promise<Of>,
): () => Of {
  let running: Of | undefined;
  const at = (): Of => {
    if (running === undefined) throw new Error(`the ${what} has not been started`);
    return running;
  };
  beforeAll(async () => {
    running = await start();
  });
  afterAll(async () => {
    await at().close();
  });
  return at;
}
