"""How a report looks, beyond what pages have in common."""

from prisml.commands.page.style import BASE

_PALER = 0.04


def _shades(card: str, ink: str) -> str:
    """The grounds of a table's cells, each a little nearer to the ink than the one before."""
    pairs = [(int(card[at : at + 2], 16), int(ink[at : at + 2], 16)) for at in (1, 3, 5)]
    mixed = ("".join(f"{round(low + (high - low) * _PALER * shade):02x}" for low, high in pairs) for shade in range(1, 10))
    return " ".join(f".confusion .h{shade} {{ background: #{colour}; }}" for shade, colour in enumerate(mixed, start=1))


_SHADES = _shades("#ffffff", "#1a62d6") + "\n@media (prefers-color-scheme: dark) { " + _shades("#161b24", "#6cb0ff") + " }"

STYLE = (
    BASE
    + """
:root { --s0: #1a62d6; --s1: #bc4c00; --s2: #0f766e; --s3: #8250df; --s4: #7a5c00; --good: #1a6e3c; --poor: #b42318;
  --band: #1a62d633; --wide: #1a62d61a; }
@media (prefers-color-scheme: dark) { :root { --s0: #6cb0ff; --s1: #ff9d5c; --s2: #4fd1c5; --s3: #bd95ff; --s4: #e0b84f; --good: #5fd38d;
  --poor: #ff8a80; --band: #6cb0ff40; --wide: #6cb0ff20; } }
h1 span { font-weight: 400; color: var(--soft); }
.tag { display: inline-block; vertical-align: 5px; padding: 1px 10px; border: 1px solid var(--line); border-radius: 99px; font-size: 13px;
  font-weight: 500; letter-spacing: 0; color: var(--soft); }
.tag.serves { color: var(--serve); border-color: currentColor; }
.lead { margin: -4px 0 14px; color: var(--soft); max-width: 90ch; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 14px 26px; margin: 0 0 20px; }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles dd { margin: 0; font-size: 30px; line-height: 1.25; font-weight: 600; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
.tiles small { display: block; font-size: 13px; font-weight: 400; letter-spacing: 0; color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 26px 34px; align-items: start; }
.figures.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); }
#importance figure { max-width: 640px; }
figcaption { margin-bottom: 6px; overflow-wrap: anywhere; }
figure svg { max-width: 560px; }
figure details { margin-top: 4px; font-size: 13px; color: var(--soft); }
figure details table { font-size: 13px; color: var(--ink); margin-top: 6px; }
.axis .ground { stroke: var(--soft); }
svg text.what { fill: var(--soft); } svg text.name, svg text.said { fill: var(--ink); }
.curve { fill: none; stroke: var(--s0); stroke-width: 2.2; stroke-linejoin: round; }
.chance { fill: none; stroke: var(--soft); stroke-dasharray: 4 4; }
.course { fill: none; stroke: var(--s0); stroke-width: 1.2; opacity: 0.6; }
.bound { fill: none; stroke: var(--soft); stroke-dasharray: 4 4; }
.whisker { fill: none; stroke: var(--s0); stroke-width: 2.5; opacity: 0.45; stroke-linecap: round; }
.dot { fill: var(--s0); stroke: var(--card); stroke-width: 1.5; } .small { fill: var(--s0); }
.rug { stroke: var(--soft); stroke-width: 1.5; opacity: 0.5; }
.first { fill: var(--band); stroke: var(--s0); stroke-width: 1.5; }
.second { fill: none; stroke: var(--s1); stroke-width: 2.2; }
.wide:not(.figures) { fill: var(--wide); } .narrow { fill: var(--band); }
.s1 { stroke: var(--s1); stroke-dasharray: 7 3; } .s2 { stroke: var(--s2); stroke-dasharray: 2 3; }
.s3 { stroke: var(--s3); stroke-dasharray: 9 3 2 3; } .s4 { stroke: var(--s4); stroke-dasharray: 12 4; }
svg text.t0 { fill: var(--s0); } svg text.t1 { fill: var(--s1); } svg text.t2 { fill: var(--s2); } svg text.t3 { fill: var(--s3); }
svg text.t4 { fill: var(--s4); }
.key { margin: 0 0 2px; font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
.key span { display: inline-block; width: 14px; height: 10px; margin-right: 6px; } .key span + span { margin-left: 14px; }
.k1 { background: var(--band); border: 1.5px solid var(--s0); } .k2 { margin-left: 14px; border: 2px solid var(--s1); }
.spark { width: 150px; max-width: none; } .spark .fill { fill: var(--band); }
.spark .held { fill: none; stroke: var(--s1); stroke-width: 2; }
.verdict { font-weight: 600; white-space: nowrap; }
.pass { color: var(--good); } .fail { color: var(--poor); } .warn { color: var(--back); }
.facts th { width: 150px; color: var(--soft); font-weight: 500; } .facts td { overflow-wrap: anywhere; }
.facts code { white-space: normal; overflow-wrap: anywhere; }
td small bdi { display: inline; vertical-align: baseline; }
th small { color: var(--soft); font-weight: 400; }
td.number { font-variant-numeric: tabular-nums; }
.confusion.full { grid-column: 1 / -1; } .confusion td { padding: 10px 8px; text-align: center; border-left: 2px solid var(--card); }
.confusion td small { color: var(--ink); } .confusion thead th { padding-inline: 8px; text-align: center; white-space: normal; }
#worst table { width: auto; min-width: 50%; } #worst td, #worst th { padding-block: 3px; } #worst td.number { text-align: end; }
.found { margin: 0; padding-left: 20px; } .found li { margin: 4px 0; }
@media (forced-colors: active) { .curve, .second, .spark .held { stroke: CanvasText; } .dot, .small { fill: CanvasText; } }
@media print { details:not([open]) { display: none; } section { break-inside: auto; margin: 26px 0; }
  figure, tr, .tiles { break-inside: avoid; }
  h2 { break-after: avoid; } a { color: inherit; } .figures { grid-template-columns: 1fr 1fr; }
  header, main, footer { max-width: none; padding: 0; } }
"""
    + _SHADES
    + "\n"
)
"""That of a report."""
