// Compiled under plain `strict` and under `exactOptionalPropertyTypes` by optional.test.ts; none of this is run.
import {
  Approval,
  type ApprovalFields,
  BackendCapabilities,
  type BackendKind,
  BudgetCap,
  type BoundFields,
  type BudgetLedger,
  BudgetState,
  CostRates,
  dayScope,
  decide,
  type Decision,
  type DigestedJob,
  type DigestedScope,
  DispatchError,
  type DispatchStore,
  drain,
  type Executor,
  type ExternalEndpoint,
  HostCapabilities,
  type Instant,
  jobDigest,
  type JobRequest,
  type JobStore,
  Lease,
  logEgress,
  mayApprove,
  type MicroCents,
  monthScope,
  NodeIdentity,
  NonRetriableError,
  planThroughput,
  type PolicyBudget,
  type PolicyFacts,
  Provenance,
  type Requirements,
  RetriableError,
  runAndMonth,
  runScope,
  type ScopeCap,
  selectBackend,
  tokenCost,
  TokenRates,
  estimateTokens,
  ToolRequirements,
  type Transport,
  usd,
  weekScope,
  Worker,
} from "dispatch-kit";
import {
  egressFetch,
  endpointFetch,
  metered,
  ratesFromGenaiPrices,
  ratesFromLitellm,
  selectAffordable,
  withHold,
} from "dispatch-kit/calls";
import { conformance, type MakeStore } from "dispatch-kit/conformance";
import { follow, journalEntries } from "dispatch-kit/journal";
import { memoryStore } from "dispatch-kit/memory";
import { postgresStore, postgresWake } from "dispatch-kit/postgres";
import { sqliteStore } from "dispatch-kit/sqlite";
import { otel } from "dispatch-kit/telemetry";
import { work } from "dispatch-kit/worker";

/** Fields of which each optional one is there, and may be `undefined`. */
type Explicit<Fields> = {
  [Key in keyof Fields]-?: Partial<Pick<Fields, Key>> extends Pick<Fields, Key>
    ? Fields[Key] | undefined
    : Fields[Key];
};

/** The options of a function, the argument at a place. */
type Options<Call extends (...args: never[]) => unknown, Place extends number> = Explicit<
  NonNullable<Parameters<Call>[Place]>
>;
type Made<Class extends new (...args: never[]) => unknown, Place extends number = 0> = Explicit<
  NonNullable<ConstructorParameters<Class>[Place]>
>;

/** Every optional field of every public input may be `undefined`. */
export const TAKEN = {
  Approval: (given: Made<typeof Approval>) => new Approval(given),
  BackendCapabilities: (given: Made<typeof BackendCapabilities>) => new BackendCapabilities(given),
  BudgetCap: (given: Made<typeof BudgetCap>) => new BudgetCap(given),
  CostRates: (given: Made<typeof CostRates>) => new CostRates(given),
  DispatchError: (given: Made<typeof DispatchError, 2>) => new DispatchError("store_failed", "x", given),
  HostCapabilities: (given: Made<typeof HostCapabilities>) => new HostCapabilities(given),
  Lease: (given: Made<typeof Lease>) => new Lease(given),
  NodeIdentity: (given: Made<typeof NodeIdentity>) => new NodeIdentity(given),
  Provenance: (given: Made<typeof Provenance>) => new Provenance(given),
  RetriableError: (given: Made<typeof RetriableError, 1>) => new RetriableError("x", given),
  NonRetriableError: (given: Made<typeof NonRetriableError, 1>) => new NonRetriableError("x", given),
  TokenRates: (given: Made<typeof TokenRates>) => new TokenRates(given),
  ToolRequirements: (given: Made<typeof ToolRequirements>) => new ToolRequirements(given),
  Worker: (given: Made<typeof Worker>) => new Worker(given),
  bound: (given: Explicit<BoundFields>, approval: Made<typeof Approval>) =>
    new Approval({ ...approval, bound: given }),
  jobDigest: (given: Explicit<DigestedJob>, scope: Explicit<DigestedScope>) =>
    jobDigest({ storeId: "s", job: given, scopes: [scope] }),
  requires: (given: Explicit<Requirements>, approval: ApprovalFields, now: Instant) =>
    mayApprove({ requires: given, approval, now }),
  mayApprove: (given: Options<typeof mayApprove, 0>) => mayApprove(given),
  decide: (given: Explicit<PolicyFacts>, budget: Explicit<PolicyBudget>) =>
    decide(given, [{ name: "r", when: [], then: "auto", budget }]),
  tiers: (given: Explicit<TokenRates["tiers"][number]>, rates: Made<typeof TokenRates>) =>
    new TokenRates({ ...rates, tiers: [given] }),

  dayScope: (at: Instant, given: Options<typeof dayScope, 2>) => dayScope(at, "UTC", given),
  weekScope: (at: Instant, given: Options<typeof weekScope, 2>) => weekScope(at, "UTC", given),
  monthScope: (at: Instant, given: Options<typeof monthScope, 2>) => monthScope(at, "UTC", given),
  runScope: (given: Options<typeof runScope, 1>) => runScope("1", given),
  runAndMonth: (given: Options<typeof runAndMonth, 0>) => runAndMonth(given),
  estimateTokens: (rates: TokenRates, given: Options<typeof estimateTokens, 1>) =>
    estimateTokens(rates, given),
  tokenCost: (rates: TokenRates, given: Options<typeof tokenCost, 1>) => tokenCost(rates, given),
  logEgress: (to: ExternalEndpoint, given: Options<typeof logEgress, 1>) => logEgress(to, given),
  planThroughput: (given: Options<typeof planThroughput, 1>) => planThroughput(24, given),
  selectBackend: (needs: ToolRequirements, given: Options<typeof selectBackend, 2>) =>
    selectBackend([{ kind: "local", capabilities: new BackendCapabilities() }], needs, given),
  drain: (store: JobStore<string, number>, given: Options<typeof drain<string, number>, 2>) =>
    drain(store, (payload) => payload.length, given),

  hold: (ledger: BudgetLedger, given: Explicit<Parameters<BudgetLedger["hold"]>[0]>) => ledger.hold(given),
  scope: (ledger: BudgetLedger, given: Explicit<ScopeCap>, amount: MicroCents) =>
    ledger.hold({ holdId: "h", amount, scopes: [given], ttlSeconds: 60 }),
  correct: (store: DispatchStore, given: Explicit<Decision>) => store.correct("h", usd(0), given),
  raiseCap: (store: DispatchStore, given: Explicit<Parameters<DispatchStore["raiseCap"]>[1]>, by: Decision) =>
    store.raiseCap("a", given, by),
  cancel: (store: DispatchStore, given: Explicit<ApprovalFields>) => store.cancel("1", given),
  retry: (store: DispatchStore, given: Options<DispatchStore["retry"], 1>, by: Decision) =>
    store.retry("1", given, by),
  approveIn: (store: DispatchStore, by: Decision, given: Options<DispatchStore["approve"], 2>) =>
    store.approve("1", by, given),
  claim: (store: DispatchStore, given: Options<DispatchStore["claim"], 1>) => store.claim(["a"], given),
  claimMany: (store: DispatchStore, given: Options<DispatchStore["claimMany"], 2>) =>
    store.claimMany(["a"], 1, given),
  prune: (store: DispatchStore, given: Options<DispatchStore["prune"], 0>) => store.prune(given),
  forget: (store: DispatchStore, given: Options<DispatchStore["forget"], 0>) => store.forget(given),
  expire: (ledger: BudgetLedger, given: Options<BudgetLedger["expire"], 0>) => ledger.expire(given),
  submit: (store: DispatchStore, given: Explicit<JobRequest<unknown>>) => store.submit(given),
  approve: (store: DispatchStore, given: Explicit<ApprovalFields>) =>
    store.approve("1", given, { scopes: [] }),
  reject: (store: DispatchStore, given: Explicit<ApprovalFields>) => store.reject("1", given),
  complete: (store: DispatchStore, lease: Lease, given: Options<DispatchStore["complete"], 2>) =>
    store.complete(lease, 1, given),
  completeMany: (
    store: DispatchStore,
    given: Explicit<Parameters<DispatchStore["completeMany"]>[0][number]>,
  ) => store.completeMany([given]),
  fail: (store: DispatchStore, lease: Lease, given: Options<DispatchStore["fail"], 2>) =>
    store.fail(lease, "x", given),
  recoverStale: (store: DispatchStore, given: Options<DispatchStore["recoverStale"], 0>) =>
    store.recoverStale(given),
  jobs: (store: DispatchStore, given: Options<DispatchStore["jobs"], 0>) => store.jobs(given),
  otel: (given: Options<typeof otel, 0>) => otel(given),
  memoryStore: (given: Options<typeof memoryStore, 0>) => memoryStore(given),
  sqliteStore: (database: Parameters<typeof sqliteStore>[0], given: Options<typeof sqliteStore, 1>) =>
    sqliteStore(database, given),
  postgresStore: (client: Parameters<typeof postgresStore>[0], given: Options<typeof postgresStore, 1>) =>
    postgresStore(client, given),
  postgresWake: (listener: Parameters<typeof postgresWake>[0], given: Options<typeof postgresWake, 1>) =>
    postgresWake(listener, given),
  follow: (store: DispatchStore, given: Options<typeof follow, 1>) => follow(store, given),
  journalEntries: (store: DispatchStore, given: Options<typeof journalEntries, 1>) =>
    journalEntries(store, given),
  work: (store: DispatchStore<string, number>, given: Options<typeof work<string, number>, 2>) =>
    work(store, (payload) => payload.length, given),
  poll: (store: DispatchStore, poll: Explicit<NonNullable<Parameters<typeof work>[2]["poll"]>>) =>
    work(store, () => 1, { lanes: [], poll }),
  backoff: (store: DispatchStore, backoff: Explicit<NonNullable<Parameters<typeof work>[2]["backoff"]>>) =>
    work(store, () => 1, { lanes: [], backoff }),

  withHold: (ledger: DispatchStore, amount: MicroCents, given: Options<typeof withHold, 3>) =>
    withHold(
      ledger,
      { holdId: "h", amount, scopes: [], ttlSeconds: 60 },
      () => ({ value: 1, actual: null }),
      given,
    ),
  egressFetch: (
    to: ExternalEndpoint,
    init: Options<typeof egressFetch, 2>,
    given: Options<typeof egressFetch, 3>,
  ) => egressFetch(to, "x", init, given),
  endpointFetch: (to: ExternalEndpoint, given: Options<typeof endpointFetch, 1>) => endpointFetch(to, given),
  metered: (chunks: AsyncIterable<string>, given: Options<typeof metered<string>, 1>) =>
    metered(chunks, given),
  ratesFromGenaiPrices: (given: Options<typeof ratesFromGenaiPrices, 1>) => ratesFromGenaiPrices({}, given),
  ratesFromLitellm: (given: Options<typeof ratesFromLitellm, 2>) => ratesFromLitellm({}, "m", given),
  selectAffordable: (
    needs: ToolRequirements,
    given: Options<typeof selectAffordable<{ kind: BackendKind; capabilities: BackendCapabilities }>, 2>,
  ) => selectAffordable([{ kind: "local", capabilities: new BackendCapabilities() }], needs, given),
  conformance: (make: MakeStore<DispatchStore>, given: Options<typeof conformance, 1>) =>
    conformance(make, given),
  makeStore: (hooks: Explicit<MakeStore<DispatchStore>>): MakeStore<DispatchStore> =>
    Object.assign(() => memoryStore(), hooks),
};

/** As users write it. */
export async function usage(
  store: DispatchStore<string, number>,
  sure: boolean,
  amount: MicroCents,
  at: Date | undefined,
  signal: AbortSignal | undefined,
  executor: Executor<string, number>,
  transport: Transport,
): Promise<void> {
  const approval = {
    author: "alice",
    reason: "demo",
    decidedAt: at,
    outcome: sure ? ("approved" as const) : undefined,
  };
  const scopes = [
    { scope: "run:1", cap: amount, until: sure ? at : undefined },
    { scope: "month:1", cap: amount, until: null },
  ];
  const job = { lane: "a", payload: "x", backend: "cloud_worker", maxCost: amount, maxAttempts: 1 } as const;
  await store.submit({
    ...job,
    jobId: "1",
    priority: sure ? 5 : undefined,
    runAt: sure ? at : null,
    approved: sure ? { approval, scopes } : undefined,
  });
  await store.approve("1", approval, { scopes });
  await store.approve("1", { id: "d", approval }, { scopes: sure ? scopes : undefined });
  await store.hold({ holdId: "h", amount, scopes: [{ scope: "a", cap: undefined }], ttlSeconds: 60 });
  const seen = await store.job("1");
  if (seen?.unreadable === null) seen.payload.trim();
  await store.reject("1", { author: "bob", reason: "too dear" });
  await store.hold({ holdId: "h", amount, scopes, ttlSeconds: 60 });
  await store.prune({ before: at ?? new Date() });
  await drain(store, executor, { lanes: ["a"], signal, actualCost: sure ? () => amount : undefined });
  await transport.submit({ jobId: "1" }, "token", { signal });
  await transport.submit({ jobId: "1" }, "token");
  new BudgetCap({ run: sure ? amount : undefined, month: amount });
  new NodeIdentity({ name: "box", address: sure ? "10.0.0.7" : undefined });
  new Lease({ jobId: "1", leasedAt: new Date(), token: "t", attempts: sure ? 1 : undefined });
}

/** What is required is required: under either option none of it may be `undefined`. */
export function mustNotCompile(
  sure: boolean,
  amount: MicroCents,
  store: DispatchStore<string>,
  approval: Approval,
): void {
  // @ts-expect-error a state has no defaults
  new BudgetState({ reserved: amount, spent: sure ? amount : undefined });
  // @ts-expect-error a missing price is never zero
  new CostRates({ gpuUsdPerS: sure ? 1 : undefined, vcpuUsdPerS: 1, gibUsdPerS: 1 });
  // @ts-expect-error nor is one for tokens
  new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: sure ? 1 : undefined });
  // @ts-expect-error only a store says when
  new Approval({ author: "alice", reason: "demo", decidedAt: sure ? new Date() : undefined });
  // @ts-expect-error somebody must have decided
  void store.approve("1", { author: sure ? "alice" : undefined, reason: "demo" }, { scopes: [] });
  // @ts-expect-error a decision has an id
  void store.pinCap("a", amount, { author: "alice", reason: "demo" });
  // @ts-expect-error what a person changes has an author
  void store.pinCap("a", amount);
  // @ts-expect-error nobody retries without saying what was seen
  void store.retry("1", { after: sure ? 0 : undefined }, { id: "d", approval });
  // @ts-expect-error a raise ends
  void store.raiseCap("a", { to: amount }, { id: "d", approval });
  // @ts-expect-error a lease without its token
  void store.renew({ jobId: "1", leasedAt: new Date(), attempts: 1 });
  // @ts-expect-error seconds are branded
  dayScope(1_795_392_000, "UTC");
  // @ts-expect-error nor is text an instant
  dayScope("2026-11-23T00:00:00Z", "UTC");
}
