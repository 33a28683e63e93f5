import type { DispatchStore } from "dispatch-kit";
import { approved, capped, claim, decision, free, micro, paid, YES } from "../stores/memory/support.ts";

type Act = (store: DispatchStore) => Promise<unknown>;

const NO = { author: "bob", reason: "too dear" };
let made = 0;
const newId = (): string => `operate:${String(++made)}`;

/** A paid job that runs. */
async function running(admin: DispatchStore): Promise<Awaited<ReturnType<typeof claim>>> {
  const id = newId();
  await admin.submit(approved(id, capped(100, id), { lane: id }));
  return claim(admin, id);
}

async function held(admin: DispatchStore): Promise<string> {
  const holdId = newId();
  await admin.hold({ holdId, amount: micro(1), scopes: capped(9, holdId), ttlSeconds: 60 });
  return holdId;
}

/** Every operation of a store: `prepare` makes, as the owner, what it works on. */
export const OPERATIONS: Readonly<Record<string, (admin: DispatchStore) => Act | Promise<Act>>> = {
  hold: () => {
    const holdId = newId();
    return (store) => store.hold({ holdId, amount: micro(1), scopes: capped(9, holdId), ttlSeconds: 60 });
  },
  settle: async (admin) => {
    const id = await held(admin);
    return (store) => store.settle(id, micro(1));
  },
  release: async (admin) => {
    const id = await held(admin);
    return (store) => store.release(id);
  },
  extend: async (admin) => {
    const id = await held(admin);
    return (store) => store.extend(id, micro(1), 1);
  },
  expire: () => (store) => store.expire(),
  usage: () => (store) => store.usage("month:2026-11"),
  getHold: () => (store) => store.getHold("unknown"),
  correct: async (admin) => {
    const id = await held(admin);
    await admin.settle(id, micro(1));
    return (store) => store.correct(id, micro(0), decision());
  },
  pinCap: () => (store) => store.pinCap(newId(), micro(9), decision()),
  raiseCap: async (admin) => {
    const scope = newId();
    await admin.pinCap(scope, micro(1), decision());
    const until = new Date(Date.now() + 60_000);
    return (store) => store.raiseCap(scope, { to: micro(2), until }, decision());
  },
  unpinCap: () => (store) => store.unpinCap(newId(), decision()),
  cap: () => (store) => store.cap("month:2026-11"),
  submit: () => {
    const id = newId();
    return (store) => store.submit(approved(id, capped(100, id), { lane: id }));
  },
  submitMany: () => (store) => {
    const lane = newId();
    return store.submitMany([free(newId(), { lane }), free(newId(), { lane })]);
  },
  approve: async (admin) => {
    const id = newId();
    await admin.submit(paid(id, { lane: id }));
    return (store) => store.approve(id, decision(), { scopes: capped(100, id) });
  },
  reject: async (admin) => {
    const id = newId();
    await admin.submit(paid(id));
    return (store) => store.reject(id, { id: newId(), approval: NO });
  },
  cancel: async (admin) => {
    const { lease } = await running(admin);
    return (store) => store.cancel(lease.jobId, { id: newId(), approval: NO });
  },
  retry: async (admin) => {
    const { lease } = await running(admin);
    await admin.fail(lease, "broken", { retriable: false });
    return (store) => store.retry(lease.jobId, { after: 0 }, decision());
  },
  pauseLane: () => (store) => store.pauseLane(newId(), decision()),
  // A repeat under a lane's first name takes back the row that it has made.
  "pauseLane, repeated": async (admin) => {
    const id = newId();
    const change = { id, approval: YES };
    await admin.pinCap(id, micro(1), change);
    return async (store) => {
      await store.pauseLane(id, change).catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== "decision_conflict") throw error;
      });
    };
  },
  resumeLane: () => (store) => store.resumeLane(newId(), decision()),
  lanes: () => (store) => store.lanes(),
  claim: async (admin) => {
    const id = newId();
    await admin.submit(approved(id, capped(100, id), { lane: id }));
    return (store) => claim(store, id);
  },
  renew: async (admin) => {
    const { lease } = await running(admin);
    return (store) => store.renew(lease);
  },
  complete: async (admin) => {
    const { lease } = await running(admin);
    return (store) => store.complete(lease, null);
  },
  fail: async (admin) => {
    const { lease } = await running(admin);
    return (store) => store.fail(lease, "busy", { retriable: true });
  },
  recoverStale: async (admin) => {
    await running(admin);
    return (store) => store.recoverStale({ ttlSeconds: 0, limit: 1000 });
  },
  job: () => (store) => store.job("unknown"),
  jobs: () => (store) => store.jobs({ limit: 1 }),
  prune: async (admin) => {
    const { lease } = await running(admin);
    await admin.complete(lease, null);
    return (store) => store.prune({ before: new Date(Date.now() + 1000) });
  },
  forget: async (admin) => {
    const { lease } = await running(admin);
    await admin.complete(lease, null);
    return (store) => store.forget({ before: new Date(Date.now() + 1000) });
  },
  journal: async (admin) => {
    await held(admin);
    return (store) => store.journal({ limit: 1 });
  },
  audit: () => (store) => store.audit(),
  id: () => (store) => store.id(),
};

/** The operations that fail because of a missing right, each prepared by the owner just before; at most so many. */
export async function refusedOperations(
  admin: DispatchStore,
  store: DispatchStore,
  most = Infinity,
): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const [name, prepare] of Object.entries(OPERATIONS)) {
    if (refused.length >= most) break;
    const act = await prepare(admin);
    try {
      await act(store);
    } catch (error) {
      const { cause } = error as { readonly cause?: { readonly code?: unknown } };
      if (cause?.code !== "42501") throw error;
      refused.push(name);
    }
  }
  return refused;
}
