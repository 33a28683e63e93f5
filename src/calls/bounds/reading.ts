import { quote } from "../../internal/text.ts";
import { type AnyObject, isObject, ownField, presentField } from "../own-fields.ts";
import { type BoundNumber, unbounded, unreadable } from "./outcome.ts";
import type { Uncounted } from "./sizes.ts";

/** Input that is not in the body. */
export interface Unseen {
  /** What it is, for the message: `the answer "resp_1"`. */
  readonly what: string;
  /** The id of an answer that the caller may know. */
  readonly id: string | null;
}

/** An output limit in the body, and where one is written. */
export interface OutputLimit {
  /** Tokens for each choice; `null` if the body has no limit. */
  readonly tokens: number | null;
  readonly path: readonly string[];
}

/** What the reader of a form of bodies finds. */
export interface Reading {
  /** The models that may serve the request. */
  readonly models: string[];
  /** Tokens of parts that are not counted as text, and of what the provider adds. */
  readonly numbers: BoundNumber[];
  readonly uncounted: Uncounted;
  readonly unseen: Unseen[];
  /** Why the provider adds tokens of its own without a published number. */
  readonly added: string[];
  /** How often the provider may read the whole input. */
  loops: number;
  /** How often it may write the whole output. */
  outputLoops: number;
  hasServerTools: boolean;
  /** The most searches; `null` if there is no limit. */
  searches: number | null;
  output: OutputLimit;
  choices: number;
  /** The output of each choice, where the provider publishes it and no field limits it. */
  fixedOutput: BoundNumber | null;
  /** Output tokens beside the limit, such as a rejected prediction. */
  extraOutput: number;
  /** Whether the call generates tokens at all. */
  noOutput: boolean;
  /** Whether all output tokens are those of pictures, so that the list needs no other output price. */
  onlyPictures: boolean;
  /** The service tier that the body names. */
  tier: unknown;
  /** The region that the body names. */
  region: string | null;
  /** Lifetimes of caches that the body asks for; `"any"` where the provider writes them by itself. */
  cache: "none" | "5m" | "1h" | "any";
  pictures: number;
  /** Whether it has files that are not pictures. A PDF file may be billed as pictures. */
  hasFiles: boolean;
  /** Pictures and files without a number of tokens: only `maxInputTokens` bounds them. */
  readonly uncapped: string[];
  hasAudio: boolean;
  hasVideo: boolean;
  makesAudio: boolean;
  makesPictures: boolean;
}

export function newReading(): Reading {
  return {
    models: [],
    numbers: [],
    uncounted: new Map(),
    unseen: [],
    added: [],
    loops: 1,
    outputLoops: 1,
    hasServerTools: false,
    searches: 0,
    output: { tokens: null, path: [] },
    choices: 1,
    fixedOutput: null,
    extraOutput: 0,
    noOutput: false,
    onlyPictures: false,
    tier: undefined,
    region: null,
    cache: "any",
    pictures: 0,
    hasFiles: false,
    uncapped: [],
    hasAudio: false,
    hasVideo: false,
    makesAudio: false,
    makesPictures: false,
  };
}

/** Leaves the value of a field out of the count of texts. */
export function leaveOut(reading: Reading, object: AnyObject, key: string): void {
  const keys = reading.uncounted.get(object) ?? new Set();
  reading.uncounted.set(object, keys.add(key));
}

/**
 * Checks that an object has only known fields.
 *
 * @throws RefusedBoundError for any other field: it could ask for something that costs money.
 */
export function onlyFields(object: AnyObject, known: ReadonlySet<string>, ignored: readonly string[]): void {
  for (const key of Object.keys(object)) {
    if (known.has(key) || ignored.includes(key)) continue;
    throw unbounded(
      `nobody knows what its field ${quote(key)} costs; name it in ignoreFields if it costs nothing`,
    );
  }
}

/** A set of the words of a text. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}

/** An output limit: a whole number of at least 1. Servers ignore, clamp or refuse anything else. */
export function limitOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && Number(value) >= 1 ? Number(value) : null;
}

/** The largest of several limits; `null` without any. */
export function largest(...limits: readonly (number | null)[]): number | null {
  const found = limits.filter((limit) => limit !== null);
  return found.length === 0 ? null : Math.max(...found);
}

/** A number of choices. */
export function choicesOf(name: string, value: unknown): number {
  if (value === undefined || value === null) return 1;
  if (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 10_000) return Number(value);
  throw unreadable(`${name} must be a whole number of at least 1`);
}

/** The items of a list; an item that stands alone is a list of one, and a missing one an empty list. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [value];
  const list: readonly unknown[] = value;
  return list;
}

/** A list of objects. */
export function objectsOf(name: string, value: unknown): readonly AnyObject[] {
  return itemsOf(value).map((item) => {
    if (isObject(item)) return item;
    throw unreadable(`${name} must be a list of objects`);
  });
}

/** A text field of an object, or `null`. */
export function textField(object: AnyObject, key: string): string | null {
  const value = ownField(object, key);
  return typeof value === "string" ? value : null;
}

/** A field that is an object, or an object without fields. */
export function objectField(object: AnyObject, key: string): AnyObject {
  const value = presentField(object, key);
  if (value === undefined) return {};
  if (isObject(value)) return value;
  throw unreadable(`${key} must be an object`);
}

/** A reference to something that is not in the body. */
export function refer(reading: Reading, what: string, id: unknown): void {
  const known = typeof id === "string" && id !== "" ? id : null;
  reading.unseen.push({ what: known === null ? what : `${what} ${quote(known)}`, id: known });
}

/** Something of the input that only the provider sees. */
export function unseen(reading: Reading, what: string): void {
  reading.unseen.push({ what, id: null });
}

/** Fields that bring files. */
const FILES = /* @__PURE__ */ words(
  "audio_url document_url file file_data file_id image image_url images input_audio source video_url",
);

/**
 * Checks an object that should hold texts only: servers disagree about whether its type or its fields count.
 *
 * @throws RefusedBoundError if it has a field that brings a file.
 */
export function onlyTexts(object: AnyObject): void {
  const file = Object.keys(object).find((key) => FILES.has(key));
  if (file !== undefined) throw unreadable(`a part of another type has the field ${quote(file)}`);
}
