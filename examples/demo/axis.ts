/** Maps values to pixels. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  (value: number): number;
}

export function linear(from: number, to: number, start: number, end: number): Scale {
  const scale = (value: number): number => start + ((value - from) / (to - from || 1)) * (end - start);
  return Object.assign(scale, { from, to });
}

/** Round steps of 1, 2, 2.5 or 5 times a power of ten: from 0, at most `most` of them, none above `to`. */
export function valueTicks(to: number, most: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(to / most));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => to / size <= most) ?? to;
  return Array.from({ length: Math.floor(to / step + 1e-9) + 1 }, (_, index) => index * step);
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200];
const DAY = 86_400;

/** Round instants between two, at most `most` of them. */
export function timeTicks(from: number, to: number, most: number): readonly number[] {
  const step =
    TIME_STEPS.find((size) => (to - from) / size <= most) ?? Math.ceil((to - from) / most / DAY) * DAY;
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, index) => first + index * step);
}

/** A tick with as many places as its step needs: `$2`, `$0.05`, and cents below that: `0.25¢`. */
export function dollarTick(value: number, step: number): string {
  const isFine = step < 0.01;
  const unit = isFine ? 0.01 : 1;
  const places =
    Number((step / unit).toPrecision(2))
      .toFixed(8)
      .replace(/\.?0+$/, "")
      .split(".")[1]?.length ?? 0;
  const text = (value / unit).toFixed(!isFine && places === 1 ? 2 : places);
  return isFine ? `${text}¢` : `$${text.replace(/\B(?=(\d{3})+$)/g, ",")}`;
}

/** `18:20`, or `18:20:30` where the ticks are closer than a minute, or a date where they are days apart. */
export function timeTick(at: number, step: number): string {
  const iso = new Date(at * 1000).toISOString();
  if (step >= DAY) return iso.slice(5, 10);
  return iso.slice(11, step < 60 ? 19 : 16);
}
