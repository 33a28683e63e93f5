import type { ConformanceCase, MakeStore } from "../../../src/conformance/index.ts";
import { same, thrownBy } from "../../../src/conformance/check.ts";
import { START } from "../../../src/conformance/clock.ts";
import { approved, asks, counted, leaseOf, NO_ATTEMPTS } from "../../../src/conformance/fixtures.ts";
import { type DispatchStore, epochSeconds } from "../../../src/index.ts";

/** A case and its name, for any runner. */
export type Case = Pick<ConformanceCase, "name"> & { readonly run: () => Promise<unknown> };

type Handles = (handle: DispatchStore | PromiseLike<DispatchStore>) => Promise<DispatchStore>;

/** What the cases rely on: a hook that does nothing would let them pass. */
export function hookCases(makeStore: MakeStore<DispatchStore>): readonly Case[] {
  const { peer, cut, rolledBack, closeHold, close } = makeStore;
  const clock = () => epochSeconds(START);
  const make = async (): Promise<DispatchStore> => makeStore({ clock, payload: (value) => value });

  const define = (name: string, run: (store: DispatchStore, kept: Handles) => Promise<void>): Case => ({
    name: `the maker: ${name}`,
    async run() {
      const handles: DispatchStore[] = [];
      const kept: Handles = async (handle) => {
        handles.push(await handle);
        return handle;
      };
      try {
        await run(await kept(make()), kept);
      } finally {
        for (const handle of handles.reverse()) await close?.(handle);
      }
    },
  });

  const cutCase = (when: "before" | "after", reserved: number): Case =>
    define(
      `what is cut ${when} its commit throws, and has reserved ${String(reserved)}`,
      async (store, kept) => {
        if (!cut) return;
        const handle = await kept(Promise.resolve(cut(store, when)));
        same("what was thrown", await thrownBy(() => handle.hold(asks("a", 10))), "outcome_unknown");
        await counted("after it", store, reserved, 0);
      },
    );

  return [
    define("a store is made empty", async (full, kept) => {
      await full.submit(approved("j"));
      await leaseOf(full);
      const store = await kept(make());
      same("jobs", await store.jobs(), []);
      same("leases", await store.recoverStale({ ttlSeconds: 0 }), NO_ATTEMPTS);
      await counted("money", store, 0, 0);
    }),
    define("a peer sees what the store has done, and the other way round", async (store, kept) => {
      const handle = peer ? await kept(Promise.resolve(peer(store))) : store;
      await store.hold(asks("a", 10));
      same("the peer's repeat", await handle.hold(asks("a", 10)), { kind: "exists", state: "open" });
      await handle.hold(asks("b", 10));
      await counted("after both", store, 20, 0);
    }),
    cutCase("before", 0),
    cutCase("after", 10),
    define("what is rolled back leaves nothing behind", async (store) => {
      let held = "";
      await rolledBack?.(store, async (inside) => {
        held = (await inside.hold(asks("a", 10))).kind;
        await counted("inside", inside, 10, 0);
      });
      same("the hold inside", held, "held");
      same("the hold after it", await store.getHold("a"), null);
      await counted("after it", store, 0, 0);
    }),
    define("a job's hold is closed behind the store's back", async (store) => {
      await store.submit(approved("j"));
      await closeHold?.(store, "job:j#1");
      same("its state", (await store.getHold("job:j#1"))?.state, "released");
      await counted("its money", store, 0, 0);
    }),
  ];
}
