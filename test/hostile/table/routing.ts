import { BackendCapabilities, BackendKind, HostCapabilities, ToolRequirements } from "dispatch-kit";
import * as law from "../laws.ts";
import { type Fields, isPlain } from "../values.ts";
import {
  type Entry,
  KINDS,
  type Law,
  gb,
  id,
  names,
  nodeFields,
  read,
  size,
  value,
  valueOf,
} from "./entry.ts";

const noGpu = new HostCapabilities();

const needs = new ToolRequirements({
  toolId: "whisper",
  minVramGb: 16,
  image: null,
});

const able = new BackendCapabilities({
  hasGpu: true,
  availableVramGb: 24,
  toolIds: ["whisper"],
});

const noTool = new BackendCapabilities({
  hasGpu: true,
  availableVramGb: 24,
  images: [],
  toolIds: [],
});

const noCard = new BackendCapabilities({
  hasGpu: true,
  availableVramGb: null,
  toolIds: ["whisper"],
});

const requirementFields = {
  toolId: id,
  minVramGb: gb,
  image: law.orNull(law.nameUpTo(500)),
};

const requirementsOf = valueOf(requirementFields, needs);

const capabilityFields = {
  hasGpu: law.or(false, law.flag),
  availableVramGb: gb,
  images: names,
  toolIds: names,
};

const capabilitiesOf = valueOf(capabilityFields, able, noTool, noCard);

/** Whether capabilities that were read satisfy requirements that were read: the rule, written down again. */
function satisfy(has: Fields, { minVramGb, image, toolId }: Fields): boolean {
  const free = has["availableVramGb"];
  if (minVramGb !== null && (free === null || Number(free) < Number(minVramGb))) return false;
  const [list, wanted] = image === null ? [has["toolIds"], toolId] : [has["images"], image];
  return list === null || (list as readonly unknown[]).includes(wanted);
}

/** Whether a chosen backend says, honestly, that it may and can. */
const eligible: Law = (result, models, values) => {
  const [listed, requirements, options] = models;
  const needed = requirementsOf(requirements);
  if (!Array.isArray(values[0]) || !Array.isArray(listed) || !read(needed)) return false;
  const chosen: unknown = listed[values[0].indexOf(result)];
  if (!isPlain(chosen) || !KINDS.includes(chosen["kind"] as string)) return false;
  if (chosen["kind"] === "sdk" && !(isPlain(options) && options["allowSdk"] === true)) return false;
  const { canSatisfy, capabilities } = chosen;
  if (canSatisfy !== undefined) {
    return typeof canSatisfy === "function" && (canSatisfy as (needs: unknown) => unknown)(needed) === true;
  }
  const has = capabilitiesOf(capabilities);
  return read(has) && satisfy(has, needed);
};

/** Hosts and backends. */
export const ROUTING: Readonly<Record<string, Entry>> = {
  vramFits: {
    args: () => [null, 16],
    law: (result, models) => {
      const [available, required] = models as [number | null, number | null];
      if (models.some((model) => model === undefined || gb(model) === law.REFUSED)) return false;
      return result === (required === null || (available !== null && available >= required));
    },
  },
  selectBackend: {
    args: () => [
      [
        { kind: BackendKind.SDK, capabilities: able },
        { kind: BackendKind.LOCAL, capabilities: noTool },
        { kind: BackendKind.LAN_WORKER, capabilities: noCard },
        { kind: BackendKind.CLOUD_WORKER, canSatisfy: () => false },
      ],
      needs,
      { allowSdk: false },
    ],
    law: eligible,
  },
  "new CostEstimate": {
    args: () => [
      {
        estimatedSeconds: 90,
        estimatedVramGb: 40,
        feasibleLocally: false,
        reason: "no room",
      },
    ],
    law: value({
      estimatedSeconds: law.finite,
      estimatedVramGb: size,
      feasibleLocally: law.flag,
      reason: law.text,
    }),
  },
  "new HostCapabilities": {
    args: () => [{ availableVramGb: 24 }],
    law: value({ availableVramGb: gb }, {}),
  },
  "HostCapabilities#canFitVram": {
    self: noGpu,
    args: () => [16],
    law: (result, [model]) => result === (model === null),
  },
  "new NodeIdentity": {
    args: () => [{ name: "box", address: "10.0.0.7" }],
    law: value(nodeFields),
  },
  "new ToolRequirements": {
    args: () => [{ toolId: "whisper", minVramGb: 16, image: "ghcr.io/a/b:1" }],
    law: value(requirementFields),
  },
  "new BackendCapabilities": {
    args: () => [
      {
        hasGpu: true,
        availableVramGb: 24,
        images: ["a", "b"],
        toolIds: ["whisper"],
      },
    ],
    law: value(capabilityFields, {}),
  },
  "BackendCapabilities#canSatisfy": {
    self: noTool,
    args: () => [needs],
    law: (result) => result === false,
  },
};
