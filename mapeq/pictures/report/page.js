// The data: modules and nodes as flat arrays -----------------------------------------------------
//
// Module 0 is the root. Modules are numbered level by level, siblings consecutively and by decreasing flow; nodes
// likewise, module by module. The children of a module and its nodes are therefore ranges of numbers.

const ROOT = 0;
const data = JSON.parse(document.getElementById("data").textContent);
const { parent, size, flow, enter, exit, codelength, listed } = data.modules;
const { label, flow: nodeFlow } = data.nodes;
const numModules = parent.length;
const range = (first, last) => Array.from({ length: last - first }, (_, i) => first + i);
const allModules = range(1, numModules);

const numChildren = new Array(numModules).fill(0);
for (const m of allModules) numChildren[parent[m]] += 1;
const firstChild = starts(numChildren, 1);
const firstNode = starts(listed, 0);
const isLeaf = (m) => numChildren[m] === 0;

const depth = [0];
for (const m of allModules) depth[m] = depth[parent[m]] + 1;

const moduleOfNode = range(0, numModules).flatMap((m) => new Array(listed[m]).fill(m));

// Children come after their parents, so that a backward pass sees all children of a module before the module.
const levelsBelow = new Array(numModules).fill(1);
const subtree = new Array(numModules).fill(1);
const topNodes = range(0, numModules).map((m) => range(firstNode[m], firstNode[m] + Math.min(listed[m], 8)));
for (const m of [...allModules].reverse()) {
  const above = parent[m];
  levelsBelow[above] = Math.max(levelsBelow[above], levelsBelow[m] + 1);
  subtree[above] += subtree[m];
  topNodes[above] = [...topNodes[above], ...topNodes[m]].sort((i, j) => nodeFlow[j] - nodeFlow[i]).slice(0, 8);
}

// The order of paths: 1, 1:1, 1:2, 2.
const place = [0];
range(0, numModules).forEach((m) => {
  let next = place[m] + 1;
  for (const child of childrenOf(m)) {
    place[child] = next;
    next += subtree[child];
  }
});

/** Return the starts of consecutive ranges of these lengths, and the end of the last. */
function starts(lengths, first) {
  const found = [first];
  lengths.forEach((length, i) => found.push(found[i] + length));
  return found;
}

function childrenOf(m) {
  return range(firstChild[m], firstChild[m + 1]);
}

function nodesOf(m) {
  return range(firstNode[m], firstNode[m + 1]);
}

function ancestorsOf(m) {
  return m === ROOT ? [] : [...ancestorsOf(parent[m]), m];
}

/** Return the path of a module as in files: ranks by flow, from 1, of the top module, of the module in it, ... */
function pathOf(m) {
  return ancestorsOf(m)
    .map((above) => above - firstChild[parent[above]] + 1)
    .join(":");
}

/** Return the colour of the module in the picture that this module is or lies in. */
function colourOf(m) {
  return data.colours[data.modules.coloured[m]] || "var(--other)";
}

// Text -------------------------------------------------------------------------------------------

const count = (number) => number.toLocaleString("en");
const counted = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;

/** Format a fraction of all steps in percent. */
function percent(share) {
  if (share < 0.00001) return share > 0 ? "<0.001%" : "0%";
  return `${(100 * share).toFixed(3)}%`;
}

/** Return the label of a node, shortened if necessary, and never empty. */
function nameOf(node) {
  const name = String(label[node]).trim() || "(blank)";
  const letters = Array.from(name);
  return letters.length > 60 ? `${letters.slice(0, 59).join("")}…` : name;
}

/** Isolate text from the direction of its neighbours: some labels run from right to left. */
const isolated = (text) => `\u2068${text}\u2069`;

function namesOf(m) {
  return topNodes[m].map((node) => isolated(nameOf(node)));
}

// Elements ---------------------------------------------------------------------------------------

const find = (selector) => document.querySelector(selector);

function make(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function draw(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

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

// The current view, which is part of the page's address, such as #1:3 -----------------------------
//
// A view is a module and the number of its first visible part, because modules with thousands of parts are shown in
// portions. With the view in the address, the browser's back button works, and modules can be linked to.

const moduleAt = new Map(range(0, numModules).map((m) => [pathOf(m), m]));

function addressOf({ module, from }) {
  return `#${pathOf(module) || "all"}${from ? `+${from}` : ""}`;
}

function currentView() {
  const [path, from] = location.hash.slice(1).split("+");
  const module = moduleAt.get(path) ?? ROOT;
  const numParts = isLeaf(module) ? listed[module] : numChildren[module];
  const first = Math.floor(Number(from)) || 0;
  return { module, from: first > 0 && first < numParts ? first : 0 };
}

function zoomTo(view) {
  location.hash = addressOf(view);
}
