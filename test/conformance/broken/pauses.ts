import { type Broken, methods, tables } from "./table.ts";

export const brokenPauses: readonly Broken[] = [
  [
    "pauses: a paused lane offers no job, whatever its priority, others do, and its money stays held until it resumes",
    "does not look at pauses",
    tables(() => ({ offered: (lanes) => lanes })),
  ],
  [
    "pauses: a paused lane offers no job, whatever its priority, others do, and its money stays held until it resumes",
    "looks at pauses after the order of priority",
    tables((base) => ({
      offered: (lanes) => lanes,
      claimable(lanes, now) {
        const job = base.claimable(lanes, now);
        return job && base.offered([job.body.lane]).length > 0 ? job : null;
      },
    })),
  ],
  [
    "pauses: what runs goes on, what is lost is recovered, and jobs are submitted and approved as before",
    "renews nothing while a lane is paused",
    methods((store) => ({
      async renew(lease) {
        return (await store.lanes()).some(({ paused }) => paused) ? false : store.renew(lease);
      },
    })),
  ],
  [
    "pauses: what runs goes on, what is lost is recovered, and jobs are submitted and approved as before",
    "recovers nothing in a paused lane",
    tables((base) => ({
      lost: (now, ttl, limit) =>
        base.lost(now, ttl, limit).filter(({ body }) => base.offered([body.lane]).length > 0),
    })),
  ],
  [
    "pauses: lanes lists, by name, each lane that was ever paused, and who decided last",
    "lists only what is paused now",
    methods((store) => ({ lanes: async () => (await store.lanes()).filter(({ paused }) => paused) })),
  ],
  [
    "pauses: a malformed lane is a RangeError, and a lane is compared byte for byte",
    "ignores case in lanes, as a database's collation may",
    methods((store) => ({ pauseLane: (lane, decision) => store.pauseLane(lane.toLowerCase(), decision) })),
  ],
];
