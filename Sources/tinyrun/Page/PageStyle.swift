/// A page's style sheet.
enum PageStyle {
  static let text = #"""
    :root {
      --ground: #f6f7f8; --card: #ffffff; --ink: #1c2127; --dim: #58616d; --line: #dfe2e6; --soft: #eef0f2;
      --accent: #1f66d1; --bad: #b3261e; --edge: #9aa4b0; --hot: #1f66d1; --macs: #1f66d1; --bytes: #9aa4b0;
      --convolution: #3273dc; --depthwise: #58b1e8; --dense: #6a55d0; --pooling: #23936a; --activation: #d9820f;
      --arithmetic: #c4533a; --comparison: #9a5f94; --movement: #87909c; --recurrent: #b0439a; --conversion: #1f93a8; --control: #4d5763;
      --custom: #7d6a4c; --edgetpu: #0f9b8e;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #121417; --card: #1b1e23; --ink: #e6e9ed; --dim: #a0a9b4; --line: #31363d; --soft: #24282e;
        --accent: #7fb0ff; --bad: #ff8a80; --edge: #5f6975; --hot: #7fb0ff; --macs: #6aa2ff; --bytes: #626c78;
        --convolution: #5b95f0; --depthwise: #7cc8f5; --dense: #8f7df0; --pooling: #3fbf8e; --activation: #f0a040;
        --arithmetic: #e67a62; --comparison: #c48abd; --movement: #8b95a2; --recurrent: #d670c2; --conversion: #45b8cc; --control: #7c8896;
        --custom: #b09a76; --edgetpu: #2fc4b5;
      }
    }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    body {
      margin: 0; background: var(--ground); color: var(--ink);
      font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
    }
    header, main, footer { max-width: 1480px; margin: 0 auto; padding: 0 28px; }
    header { padding-top: 32px; }
    h1 { font-size: 26px; line-height: 1.2; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
    h2 { font-size: 16px; font-weight: 650; margin: 0; }
    h3 { font-size: 12px; font-weight: 600; margin: 20px 0 6px; color: var(--dim); }
    .title p { margin: 4px 0 0; color: var(--dim); }
    .hint { color: var(--dim); margin: 6px 0; }
    .notice {
      margin: 20px 0 0; padding: 12px 16px; border-radius: 8px; background: var(--card);
      border: 1px solid var(--line); border-left: 4px solid var(--edgetpu); overflow-wrap: anywhere;
    }
    .notice.bad { border-left-color: var(--bad); }
    span.bad, .bad b { color: var(--bad); }
    .facts { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 24px 0; padding: 0; }
    .facts dt { color: var(--dim); font-size: 12px; }
    .facts dd { margin: 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
    .entry { margin: 0 0 16px; }
    .entry h2 { font-size: 13px; color: var(--dim); font-weight: 500; margin-bottom: 4px; }
    .entry table { width: auto; }
    .entry th, .entry td { padding: 2px 24px 2px 0; border: 0; vertical-align: top; overflow-wrap: anywhere; }
    .entry th { font-weight: 500; color: var(--dim); background: none; position: static; }
    details > summary { cursor: pointer; color: var(--dim); }
    details > summary h2 { display: inline; color: var(--ink); }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/1.6 ui-monospace, Menlo, Consolas, monospace; }
    section { margin: 36px 0; }
    footer { color: var(--dim); padding-bottom: 32px; font-size: 12px; }

    .bar-line { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; margin-bottom: 12px; }
    .bar-line output { color: var(--dim); min-width: 4em; }
    .buttons { margin-left: auto; display: inline-flex; gap: 6px; }
    input, select, .buttons button {
      font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 7px;
      padding: 5px 11px;
    }
    input { width: 260px; max-width: 100%; }
    .buttons button { cursor: pointer; min-width: 36px; }
    .buttons button:hover { background: var(--soft); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }

    .split { display: grid; grid-template-columns: minmax(0, 1fr) 384px; gap: 16px; height: min(84vh, 980px); }
    #view {
      overflow: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; cursor: grab;
    }
    #view.moving { cursor: grabbing; user-select: none; }
    #panel {
      overflow: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
      padding: 18px 20px 24px; overflow-wrap: anywhere;
    }
    .split.short { height: 620px; }
    @media (max-width: 900px) {
      header, main, footer { padding-left: 16px; padding-right: 16px; }
      .split, .split.short { grid-template-columns: minmax(0, 1fr); height: auto; }
      #view { height: 70vh; }
    }
    svg.graph { display: block; margin: 0 auto; }
    svg text { font-size: 11px; fill: var(--ink); }
    svg .dim { fill: var(--dim); }
    svg .end { text-anchor: end; }
    svg .mid { text-anchor: middle; }
    .lines path { fill: none; stroke: var(--edge); stroke-width: 1.3; }
    .lines path.heads { fill: var(--edge); stroke: none; }
    .lines path.hot { stroke: var(--hot); stroke-width: 2.4; }
    .node { cursor: pointer; }
    .node:focus { outline: none; }
    .node .box, .port > rect { fill: var(--card); stroke: var(--line); stroke-width: 1.2; }
    .node.port > rect { fill: var(--soft); }
    .node .name { font-size: 13px; font-weight: 600; }
    .node .long { font-size: 10px; }
    .node.port text { text-anchor: middle; }
    .node .cost { font-size: 10.5px; fill: var(--dim); }
    .node .strip { fill: var(--family); }
    .node.free .box { stroke-dasharray: 4 3; }
    .node.free .name { font-weight: 500; fill: var(--dim); }
    .node.bad .box { stroke: var(--bad); stroke-width: 1.8; }
    .node.bad .cost { fill: var(--bad); font-weight: 600; }
    .node:hover > rect:first-of-type { stroke: var(--accent); }
    .node:focus-visible > rect:first-of-type, .node.on > rect:first-of-type {
      stroke: var(--accent); stroke-width: 2.6; stroke-dasharray: none;
    }
    .node.faint { opacity: .22; }
    .bar.macs { fill: var(--macs); }
    .bar.bytes { fill: var(--bytes); }

    .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 20px; padding: 0; margin: 12px 2px 0; }
    .legend li { color: var(--dim); font-size: 12.5px; }
    .dot { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 8px; }
    .dot { background: var(--family); }
    .key { display: inline-block; width: 18px; height: 4px; border-radius: 2px; margin: 0 8px 3px 0; }
    .key.macs { background: var(--macs); }
    .key.bytes { background: var(--bytes); }
    .key.free { border-top: 1.5px dashed var(--dim); margin-bottom: 1px; }
    .f-convolution { --family: var(--convolution); } .f-depthwise { --family: var(--depthwise); }
    .f-dense { --family: var(--dense); } .f-pooling { --family: var(--pooling); } .f-activation { --family: var(--activation); }
    .f-arithmetic { --family: var(--arithmetic); } .f-comparison { --family: var(--comparison); }
    .f-movement { --family: var(--movement); } .f-recurrent { --family: var(--recurrent); }
    .f-conversion { --family: var(--conversion); } .f-control { --family: var(--control); }
    .f-custom { --family: var(--custom); } .f-edgetpu { --family: var(--edgetpu); }

    .scroll {
      overflow: auto; max-height: 640px; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
      margin-top: 12px;
    }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    .scroll th, .scroll td { padding: 6px 14px; text-align: left; border-bottom: 1px solid var(--line); }
    .scroll td { vertical-align: top; }
    .scroll th { position: sticky; top: 0; background: var(--card); z-index: 1; white-space: nowrap; }
    .scroll .number { text-align: right; white-space: nowrap; }
    .scroll .wide { overflow-wrap: anywhere; min-width: 180px; }
    th button { all: unset; cursor: pointer; color: var(--dim); font-weight: 600; font-size: 12px; }
    th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    th[aria-sort=ascending] button::after { content: " ↑"; }
    th[aria-sort=descending] button::after { content: " ↓"; }
    tbody tr { cursor: pointer; }
    tbody tr:hover, tbody tr.on { background: var(--soft); }
    .entry tr { cursor: default; }
    .entry tr:hover { background: none; }
    .share { display: block; margin: 4px 0 0 auto; }

    svg.memory {
      width: 100%; height: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
      margin-top: 12px;
    }
    .memory .cell rect { fill: var(--family, var(--edge)); fill-opacity: .5; stroke: var(--card); stroke-width: .8; }
    .memory .cell { cursor: pointer; }
    .memory .cell text { pointer-events: none; }
    .memory .cell:hover rect, .memory .cell.on rect { fill-opacity: .9; }
    .memory .grid { stroke: var(--line); }
    .memory .bound { stroke: var(--ink); stroke-dasharray: 5 4; }

    #panel h2 { font-size: 17px; }
    #panel dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 16px; margin: 12px 0 0; }
    #panel dt { color: var(--dim); }
    #panel dd { margin: 0; }
    #panel .note { color: var(--bad); margin: 10px 0 0; }
    #panel .tensor { border-top: 1px solid var(--line); padding: 10px 0 8px; }
    #panel .tensor b { font-weight: 600; }
    #panel .tensor p { margin: 2px 0; }
    #panel .chart { display: block; width: 100%; height: 72px; margin: 8px 0 2px; background: var(--soft); }
    #panel .chart.low { height: 40px; }
    #panel .chart rect { fill: var(--accent); }
    #panel .ends { display: flex; justify-content: space-between; gap: 12px; font-size: 12px; }
    #panel .ends, #panel .small { color: var(--dim); font-size: 12px; }
    #panel button.link { all: unset; cursor: pointer; color: var(--accent); }
    #panel button.link:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

    @media print {
      :root { --ground: #fff; --card: #fff; }
      .bar-line input, .bar-line output, .buttons, #panel { display: none; }
      .split, .split.short { display: block; height: auto; }
      #view, .scroll { overflow: visible; max-height: none; height: auto; border: 0; }
      svg.graph { max-width: 100%; height: auto; }
      section { break-inside: auto; }
      tr, .cell { break-inside: avoid; }
    }
    """#
}
