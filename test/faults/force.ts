import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { caught, stageOf } from "./campaign.ts";
import { conduct } from "./conduct.ts";
import type { StoreName } from "./plan.ts";
import type { Stage } from "./stage.ts";

/** Milliseconds; on a busy machine a seed takes as long as it takes. */
const SLOW = 120_000;

/** A short part of `npm run test:faults`. Nothing hangs on time: a seed that saw little still has to be right. */
export function describeForce(store: StoreName, broken: string): void {
  describe(`a ${store} store under force`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await stageOf(store);
    }, SLOW);
    afterAll(async () => {
      await stage.stop();
    }, SLOW);

    it.each([1, 2])(
      "seed %i: costs are within their caps, counters are their holds, jobs end once",
      async (seed) => {
        expect((await conduct(stage, seed)).violations).toEqual([]);
      },
      SLOW,
    );

    it(
      `${broken}: a store that is broken on purpose is caught`,
      async () => {
        expect(await caught(stage, broken, 1)).not.toBeNull();
      },
      SLOW,
    );
  });
}
