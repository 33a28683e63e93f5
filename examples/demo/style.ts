/** The page's style: a light and a dark palette that colour-blind readers can use, and one column on a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #faf9f6; --card: #ffffff; --ink: #1a1c20; --soft: #5a606a; --rule: #e3e2dc; --grid: #ecebe6;
  --held: #eeb04d; --heldline: #a86a00; --spent: #3b78b8; --billed: #12406f; --admitted: #b4bac2;
  --refused: #c8321f; --halo: transparent;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131519; --card: #1a1d22; --ink: #eceef1; --soft: #a3aab4; --rule: #30343b; --grid: #282c32;
    --held: #b8822a; --heldline: #f0bd63; --spent: #38699e; --billed: #9ccaf7; --admitted: #5c646f;
    --refused: #ff7361; --halo: rgb(26 29 34 / .6);
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
main { max-width: 1160px; margin: 0 auto; padding: 52px 24px 40px; }
.kicker { margin: 0 0 14px; color: var(--soft); font-size: 13px; letter-spacing: .04em; }
h1 { margin: 0; max-width: 29em; font-size: clamp(26px, 3.4vw, 38px); line-height: 1.17; font-weight: 680; letter-spacing: -.018em; text-wrap: balance; }
.lead { margin: 18px 0 0; max-width: 44em; color: var(--soft); font-size: 17px; text-wrap: pretty; }
.legend { display: flex; flex-wrap: wrap; gap: 8px 22px; margin: 34px 0 14px; padding: 0; list-style: none; font-size: 14px; }
.legend li { display: flex; align-items: center; gap: 9px; }
.legend svg { display: block; flex: none; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 20px; }
figure { margin: 0; padding: 20px 20px 12px; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; min-width: 0; }
figcaption h2 { margin: 0; font-size: 19px; line-height: 1.3; font-weight: 650; letter-spacing: -.008em; }
figcaption p { margin: 4px 0 12px; color: var(--soft); font-size: 14.5px; line-height: 1.45; text-wrap: pretty; }
.pair figure { display: grid; grid-template-rows: subgrid; grid-row: span 2; gap: 0; }
figure svg { display: block; width: 100%; height: auto; }
figure.whole { margin-top: 20px; }
.small, .whole .medium { display: none; }
svg text { font-family: inherit; }
.tick { fill: var(--soft); font-size: 12px; }
.strong { fill: var(--ink); font-size: 13px; font-weight: 620; }
.alarm { fill: var(--refused); font-size: 12.5px; font-weight: 620; }
.halo { stroke: var(--halo); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
.grid { stroke: var(--grid); }
.cap { stroke: var(--ink); stroke-width: 1.5; }
.held { fill: var(--held); }
.spent { fill: var(--spent); }
.heldline { fill: none; stroke: var(--heldline); stroke-width: 1.2; stroke-linejoin: round; }
.billed { fill: none; stroke: var(--billed); stroke-width: 2; stroke-dasharray: 5 3.5; }
.admitted { fill: var(--admitted); }
.refused { fill: var(--refused); }
.first { stroke: var(--refused); stroke-width: 1.2; }
.hover { fill: transparent; }
.hover:hover { fill: var(--ink); fill-opacity: .09; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 15px; }
h3 { margin: 44px 0 10px; font-size: 19px; letter-spacing: -.008em; }
th, td { padding: 8px 0 8px 14px; border-bottom: 1px solid var(--rule); text-align: right; font-weight: 400; vertical-align: baseline; }
thead th { color: var(--soft); font-size: 14px; border-bottom-color: var(--soft); }
tbody th, thead th:first-child { text-align: left; padding-left: 0; }
tbody th.sub { padding-left: 18px; color: var(--soft); }
td:last-child { font-weight: 620; }
.note { margin: 0 0 12px; max-width: 44em; color: var(--soft); font-size: 15px; text-wrap: pretty; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 7px 24px; margin: 0; font-size: 15px; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; text-wrap: pretty; }
footer { margin-top: 44px; padding-top: 16px; border-top: 1px solid var(--rule); color: var(--soft); font-size: 13.5px; }
footer p { max-width: 62em; margin: 0; }
a { color: inherit; white-space: nowrap; text-underline-offset: 2px; }
@media (max-width: 940px) {
  main { padding: 30px 16px 28px; }
  .pair { grid-template-columns: 1fr; gap: 16px; }
  figure.whole { margin-top: 16px; }
  .large { display: none; }
  .whole .medium { display: block; }
}
@media (max-width: 520px) {
  .medium, .whole .medium { display: none; }
  .small { display: block; }
  .lead { font-size: 16px; }
  figure { padding: 16px 12px 8px; }
  table { font-size: 14px; }
  th, td { padding-left: 10px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 10px; }
}
`;
