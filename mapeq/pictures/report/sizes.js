// Sizes: number of modules by number of nodes, and their share of the flow -----------------------

function drawSizes() {
  const isDeep = levelsBelow[ROOT] > 2;
  const tables = [sizeTable(childrenOf(ROOT), `${isDeep ? "Top modules" : "Modules"} by number of nodes`)];
  if (isDeep) tables.push(sizeTable(allModules.filter(isLeaf), "Finest modules by number of nodes"));
  find("#sizes").append(...tables, make("p", { class: "muted" }, concentration(childrenOf(ROOT))));
}

/** State how few modules hold most of the flow. */
function concentration(modules) {
  const total = flow[ROOT];
  if (modules.length < 2 || total === 0) return "";
  const holding = (share) => {
    let sum = 0;
    return modules.findIndex((m) => (sum += flow[m]) >= share * total) + 1 || modules.length;
  };
  const parts = [[0.5, "half"], [0.9, "90%"]]
    .filter(([share]) => holding(share) > 1)
    .map(([share, name]) => `${name} is in ${count(holding(share))} modules`);
  return `${[`The largest module has ${percent(flow[1] / total)} of the flow`, ...parts].join(", ")}.`;
}

function sizeTable(modules, caption) {
  const bins = sizeBins(modules);
  const most = Math.max(...bins.map((bin) => bin.number));
  const rows = bins.map(({ first, last, number, share }) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, first === last ? count(first) : `${count(first)}–${count(last)}`),
      make("td", {}, count(number)),
      make("td", { class: "bar" }, bar(number / most, "within")),
      make("td", {}, `${(100 * share).toFixed(1)}%`),
      make("td", { class: "bar" }, bar(share, "index")),
    ),
  );
  const head = (name) => make("th", { scope: "col" }, name);
  const heads = [head("Nodes"), head("Modules"), make("td"), head("Flow"), make("td")];
  return make(
    "table",
    { class: "figures sizes" },
    make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...rows),
  );
}

/** Count modules of 1 node, 2 to 3 nodes, 4 to 7 nodes, and so on, and sum their share of the flow. */
function sizeBins(modules) {
  const bins = [];
  for (const m of modules) {
    const k = Math.floor(Math.log2(size[m]));
    while (bins.length <= k) {
      const first = 2 ** bins.length;
      bins.push({ first, last: 2 * first - 1, number: 0, share: 0 });
    }
    bins[k].number += 1;
    bins[k].share += flow[m];
  }
  return withoutGaps(bins);
}

/** Drop empty bins at the start, and merge consecutive empty bins. */
function withoutGaps(bins) {
  const found = [];
  for (const bin of bins) {
    const before = found.at(-1);
    if (bin.number > 0 || before?.number > 0) found.push(bin);
    else if (before) before.last = bin.last;
  }
  return found;
}

function bar(length, kind) {
  return draw(
    "svg",
    { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    draw("rect", { class: kind, width: 100 * length, height: 1 }),
  );
}
