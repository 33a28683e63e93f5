import { BackendCapabilities, BackendKind, selectBackend, ToolRequirements } from "dispatch-kit";
import { do_not_optimize } from "mitata";
import { type Case } from "./measure.ts";

const SIZES = [4, 100, 10_000] as const;
const FITS = ["first", "last"] as const;

/** The two kinds of backends that `selectBackend` accepts. */
export const FLAVOURS = ["capabilities", "canSatisfy"] as const;
export type Flavour = (typeof FLAVOURS)[number];

export interface RoutingCase extends Case {
  readonly backends: number;
  readonly fit: (typeof FITS)[number];
  /** `null` for the raw loop. */
  readonly flavour: Flavour | null;
}

interface Backend {
  readonly kind: BackendKind;
  readonly capabilities: BackendCapabilities;
}

/** Computed names, as from a database row: the engine has not interned them. */
const JOBS = Array.from(
  { length: 16 },
  (_, index) => new ToolRequirements({ toolId: `tool-${index}`, minVramGb: 16 }),
);
const WANTED = JOBS.map(({ toolId }) => toolId);
const OTHERS = ["whisper", "boltz", "sam", "flux"];
const KINDS = [BackendKind.LOCAL, BackendKind.LAN_WORKER, BackendKind.CLOUD_WORKER];

/** A list in which one LOCAL backend can run the jobs. Each other backend lacks the tool or the video memory. */
function list(length: number, able: number): readonly Backend[] {
  return Array.from({ length }, (_, index) => ({
    kind: index === able ? BackendKind.LOCAL : (KINDS[index % KINDS.length] ?? BackendKind.LOCAL),
    capabilities: new BackendCapabilities({
      hasGpu: true,
      availableVramGb: index === able || index % 2 === 0 ? 24 : 8,
      toolIds: index === able || index % 2 === 1 ? WANTED : OTHERS,
    }),
  }));
}

/** The same selection by hand, without checks: the least cost of reading every backend. */
function rawSelect(backends: readonly Backend[], { minVramGb, toolId }: ToolRequirements): Backend | null {
  let best: Backend | null = null;
  let bestRank = KINDS.length;
  for (const backend of backends) {
    const { availableVramGb, toolIds } = backend.capabilities;
    const rank = rankOf(backend.kind);
    if (rank >= bestRank) continue;
    if (minVramGb !== null && !(availableVramGb !== null && availableVramGb >= minVramGb)) continue;
    if (toolIds !== null && !toolIds.includes(toolId)) continue;
    best = backend;
    bestRank = rank;
    if (rank === 0) break;
  }
  return best;
}

function rankOf(kind: BackendKind): number {
  if (kind === BackendKind.LOCAL) return 0;
  if (kind === BackendKind.LAN_WORKER) return 1;
  return kind === BackendKind.CLOUD_WORKER ? 2 : 3;
}

/** Lists of each size in which the first backend fits, which ends the search, or only the last one fits. */
export function routingCases(): readonly RoutingCase[] {
  return FITS.flatMap((fit) => SIZES.flatMap((length) => casesOf(fit, length)));
}

function casesOf(fit: RoutingCase["fit"], length: number): readonly RoutingCase[] {
  const able = fit === "first" ? 0 : length - 1;
  const known = list(length, able);
  const asked = known.map(({ kind, capabilities }) => ({
    kind,
    canSatisfy: (requirements: ToolRequirements) => capabilities.canSatisfy(requirements),
  }));
  for (const job of JOBS) {
    if (rawSelect(known, job) !== known[able]) throw new Error("the raw loop selected another backend");
    if (selectBackend(known, job) !== known[able]) throw new Error("capabilities selected another backend");
    if (selectBackend(asked, job) !== asked[able]) throw new Error("canSatisfy selected another backend");
  }
  const of = { calls: JOBS.length, backends: length, fit };
  return [
    {
      ...of,
      name: `${fit} fits, raw loop`,
      flavour: null,
      run: () => {
        for (const job of JOBS) do_not_optimize(rawSelect(known, job));
      },
    },
    {
      ...of,
      name: `${fit} fits, capabilities`,
      flavour: "capabilities",
      run: () => {
        for (const job of JOBS) do_not_optimize(selectBackend(known, job));
      },
    },
    {
      ...of,
      name: `${fit} fits, canSatisfy`,
      flavour: "canSatisfy",
      run: () => {
        for (const job of JOBS) do_not_optimize(selectBackend(asked, job));
      },
    },
  ];
}
