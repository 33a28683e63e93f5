import { relative } from "node:path";
import { formatUsd, usd } from "dispatch-kit";

/** Dollars, rounded to the nearest: to cents from $1 on, to four places below, and exact below $0.001. */
export function dollars(amount: bigint): string {
  if (amount !== 0n && amount < usd("0.001")) return `$${formatUsd(amount)}`;
  const isSmall = amount !== 0n && amount < usd("1");
  const unit = isSmall ? 10_000n : 1_000_000n;
  const rounded = (amount + unit / 2n) / unit;
  const scale = isSmall ? 10_000n : 100n;
  const fraction = String(rounded % scale).padStart(isSmall ? 4 : 2, "0");
  return `$${count(rounded / scale)}.${isSmall ? fraction.replace(/0{1,2}$/, "") : fraction}`;
}

/** `19,366` */
export function count(value: number | bigint): string {
  return value.toLocaleString("en-US");
}

/** `1 call`, `2 calls` */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A share in percent, with one place; a small part is `<0.1%` and not 0.0%. */
export function percent(part: number, whole: number): string {
  if (part === 0) return "0%";
  const share = (part / whole) * 100;
  return share < 0.1 ? "<0.1%" : `${share.toFixed(1).replace(/\.0$/, "")}%`;
}

/** `18:15:46`, of epoch seconds, in UTC. */
export function timeOfDay(at: number): string {
  return new Date(at * 1000).toISOString().slice("2023-11-16T".length, "2023-11-16T18:15:46".length);
}

/** `2023-11-16 18:15:46 UTC` */
export function dateAndTime(at: number): string {
  return `${new Date(at * 1000).toISOString().slice(0, "2023-11-16T18:15:46".length).replace("T", " ")} UTC`;
}

/** `58 min`, `45 s`, `3.5 h` */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Number((seconds / 3600).toFixed(1))} h`;
}

/** A path, relative to the current folder if it is inside. */
export function shown(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}
