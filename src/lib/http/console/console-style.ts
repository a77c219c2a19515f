/** The stylesheet of the page. */
export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f3f1ea; --card: #fffdf8; --ink: #1d2129; --muted: #5c6270; --line: #d3cdbc; --control: #f3f0e7;
  --accent: #0d665b; --bad: #a8121f; --good-tint: #e1efea; --bad-tint: #fbe7e4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121418; --card: #1b1e24; --ink: #ebe8e1; --muted: #a0a5b0; --line: #3b404a; --control: #262a32;
    --accent: #62c9b8; --bad: #ff8a80; --good-tint: #18322e; --bad-tint: #3b1d1d;
  }
}
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 24px 28px 40px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1, h2, h3, p, dl, dd { margin: 0; }
h1 { font-size: 21px; }
h2 { font-size: 17px; }
h3 { font-size: 15px; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 24px; margin-bottom: 18px; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-left: auto; }
a { color: var(--accent); }
main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 18px; outline: 0; }
section { display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; padding: 18px 20px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 6px; padding: 4px 10px; background: var(--card); }
.notice { padding: 12px 16px; border: 1px solid var(--accent); border-left-width: 6px; border-radius: 8px; background: var(--good-tint); overflow-wrap: anywhere; }
.notice.alert { border-color: var(--bad); background: var(--bad-tint); }
.wrong { color: var(--bad); overflow-wrap: anywhere; }
.none, small { color: var(--muted); }
small { font-size: 13px; white-space: nowrap; }
.exact { white-space: pre-wrap; overflow-wrap: anywhere; }
.line { display: block; }
td code { white-space: nowrap; }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
time { font-variant-numeric: tabular-nums; }
label, dt { display: block; font-size: 13px; color: var(--muted); }
.search { display: flex; flex-wrap: wrap; align-items: end; gap: 12px; }
.search div:first-child { flex: 1 1 240px; }
input, select, button { min-height: 40px; padding: 0 12px; border: 1px solid var(--muted); border-radius: 8px; background: var(--control); color: var(--ink); font: inherit; }
input { width: 100%; }
button { cursor: pointer; font-weight: 600; }
button:hover { border-color: var(--ink); }
td button { min-height: 32px; margin-top: 4px; }
td button, .grave { border-color: var(--bad); color: var(--bad); }
summary { cursor: pointer; width: fit-content; padding: 4px 0; }
details form { display: grid; gap: 8px; justify-items: start; padding-top: 4px; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 8px 12px 8px 0; border-top: 1px solid var(--line); text-align: start; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; }
thead th { border: 0; white-space: nowrap; padding-top: 0; font-size: 13px; color: var(--muted); }
tbody th, tbody th .line:first-child { font-weight: 600; }
tbody th .line, tbody th small { font-weight: 400; }
tbody small { display: block; }
tbody a small { display: inline; }
@media (max-width: 760px) {
  body { padding: 16px 14px 32px; }
  nav { margin-left: 0; }
  section { padding: 16px; }
  table, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: 10px 0; border-top: 1px solid var(--line); }
  th, td { border: 0; padding: 3px 0; }
  td { display: grid; grid-template-columns: 110px minmax(0, 1fr); gap: 8px; }
  td::before { content: attr(data-label); font-size: 13px; color: var(--muted); }
  td::before { content: attr(data-label) / ""; }
  tbody small { display: inline; }
}
`;
