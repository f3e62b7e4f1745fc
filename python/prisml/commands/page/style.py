"""How the page looks: light and dark, on paper, and where the system's own colours are wanted."""

BASE = """
:root { color-scheme: light dark; --ground: #fbfbfd; --card: #ffffff; --ink: #1b1f2a; --soft: #5b6472; --line: #dde1e9; --grid: #e9ecf2;
  --serve: #1a62d6; --then: #9db9e8; --trial: #8250df; --tint: #8250df1f; --back: #bc4c00; --mark: #fff4c2; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1218; --card: #161b24; --ink: #e6e9ef; --soft: #9aa4b4; --line: #2b3340;
  --grid: #232a36; --serve: #6cb0ff; --then: #3b5f95; --trial: #bd95ff; --tint: #bd95ff24; --back: #ff9d5c; --mark: #3a3413; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 1140px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { margin: 0; text-wrap: balance; font-size: 30px; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 12px; font-size: 17px; }
header p { margin: 6px 0 0; color: var(--soft); max-width: 80ch; overflow-wrap: anywhere; }
header strong, .serves { color: var(--serve); }
nav { margin-top: 14px; display: flex; gap: 18px; flex-wrap: wrap; }
section { margin: 22px 0; padding: 20px 22px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
footer { color: var(--soft); padding-bottom: 40px; }
a { color: var(--serve); text-underline-offset: 2px; }
a:focus-visible, [tabindex]:focus-visible, summary:focus-visible { outline: 2px solid var(--serve); outline-offset: 2px; }
.none { color: var(--soft); }
.scroll { overflow-x: auto; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); unicode-bidi: plaintext; }
.axis path { stroke: var(--grid); fill: none; }
figure { margin: 0; } figcaption { font-weight: 600; } figcaption small { color: var(--soft); font-weight: 400; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { text-align: start; color: var(--soft); padding-bottom: 8px; font-size: 13px; }
th, td { text-align: start; vertical-align: top; padding: 7px 14px 7px 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { white-space: nowrap; font-weight: 600; }
td time, td.number, td code { white-space: nowrap; font-variant-numeric: tabular-nums; }
td small { color: var(--soft); }
td bdi, th bdi { display: inline-block; max-width: 26ch; overflow-wrap: break-word; vertical-align: top; white-space: normal; }
tr:target { background: var(--mark); }
.prose { min-width: 22ch; max-width: 64ch; white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; min-width: 22ch; max-width: 64ch; overflow-wrap: anywhere; }
details[open] summary { color: var(--soft); }
@media (max-width: 640px) { header, main, footer { padding-inline: 14px; } section { padding: 16px 14px; } }
@media print { body { background: none; } section { border: 0; padding: 0; break-inside: avoid-page; } nav { display: none; }
  .scroll { overflow: visible; } }
"""
"""What pages have in common."""

STYLE = (
    BASE
    + """
.timeline { min-width: 760px; }
.rows path { stroke: var(--line); stroke-dasharray: 1 4; fill: none; }
.rows text { fill: var(--ink); }
.spells .now { fill: var(--serve); } .spells .then { fill: var(--then); }
.spells .step { stroke: var(--then); stroke-width: 1.5; fill: none; }
.trial .band { fill: var(--tint); } .trial .lid { stroke: var(--trial); stroke-width: 3; fill: none; }
.trial text { fill: var(--trial); font-weight: 600; } .trial .share { fill: var(--trial); opacity: 0.75; }
.mark path { fill: var(--serve); stroke: var(--card); stroke-width: 1.5; }
.mark.rollback path { fill: var(--back); }
.mark.start path, .mark.ramp path, .mark.stop path, .mark.promote path { fill: var(--trial); }
.mark:hover path, .mark:focus path { stroke: var(--ink); stroke-width: 2.5; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 12px 0 0; padding: 0; list-style: none;
  color: var(--soft); font-size: 13px; }
.legend svg { display: inline-block; width: 15px; height: 15px; margin-right: 6px; vertical-align: -3px; }
.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); gap: 18px 22px; }
.whisker { stroke: var(--then); fill: none; } .course { stroke: var(--then); stroke-width: 1; fill: none; opacity: 0.6; }
circle.then { fill: var(--soft); } circle.now { fill: var(--serve); stroke: var(--card); stroke-width: 1.5; }
circle.gone { fill: var(--card); stroke: var(--soft); stroke-width: 1.2; }
.version { white-space: nowrap; } .version bdi { display: inline; vertical-align: baseline; }
.action { display: inline-block; padding: 0 8px; border: 1px solid var(--line); border-radius: 99px; font-size: 13px; }
.action.rollback { color: var(--back); border-color: currentColor; }
.action.start, .action.ramp, .action.stop, .action.promote { color: var(--trial); border-color: currentColor; }
@media (forced-colors: active) { .spells rect, circle.now, .mark path { fill: Highlight; } .trial .share { fill: CanvasText; } }
"""
)
"""That of a history."""
