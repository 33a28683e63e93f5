/** Escapes text for HTML, so that no file or model name becomes markup. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An element with its attributes; numbers have one decimal place, which is enough for pixels. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...content: readonly string[]
): string {
  const given = Object.entries(attributes).map(([key, value]) => {
    const shown = typeof value === "number" ? String(Number(value.toFixed(1))) : escapeHtml(value);
    return ` ${key}="${shown}"`;
  });
  const open = `<${name}${given.join("")}`;
  return content.length === 0 ? `${open}/>` : `${open}>${content.join("")}</${name}>`;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

const at = ({ x, y }: Point): string => `${Number(x.toFixed(1))} ${Number(y.toFixed(1))}`;

export function line(points: readonly Point[], style: string): string {
  return element("path", { class: style, d: `M${points.map(at).join("L")}` });
}

/** The area between two lines. */
export function area(upper: readonly Point[], lower: readonly Point[], style: string): string {
  const outline = [...upper, ...[...lower].reverse()];
  return element("path", { class: style, d: `M${outline.map(at).join("L")}Z` });
}

/** Text at a point; `anchor` says which part of the text is at the point. */
export function label(
  { x, y }: Point,
  style: string,
  anchor: "start" | "middle" | "end",
  text: string,
): string {
  return element("text", { x, y, class: style, "text-anchor": anchor }, escapeHtml(text));
}
