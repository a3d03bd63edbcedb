// The table of modules, in pages ----------------------------------------------------------------

const PAGE = 25;
const MOST_NAMES = 8;
const share = (values) => ({ value: (m) => values[m], text: (m) => percent(values[m]) });
const COLUMNS = [
  { name: "Module", value: (m) => place[m], text: pathOf, rises: true },
  { name: "Nodes", value: (m) => size[m], text: (m) => count(size[m]) },
  { name: "Flow", ...share(flow), about: "Fraction of all steps in the module" },
  { name: "Entered", ...share(enter), about: "Fraction of all steps that enter the module", kind: "crossing" },
  { name: "Left", ...share(exit), about: "Fraction of all steps that leave the module", kind: "crossing" },
  {
    name: "Bits",
    value: (m) => codelength[m],
    text: (m) => codelength[m].toFixed(4),
    about: "Bits per step of the module's own codebook",
    kind: "crossing",
  },
];

const shown = { query: "", level: "1", column: COLUMNS[0], rises: true, page: 0, open: new Set() };
const searchField = find("input[type=search]");
const levelField = find("#modules select");
let levelBefore = shown.level; // the level before a search

// Searching --------------------------------------------------------------------------------------

let searched = null; // normalised labels, computed before the first search

/** Normalise text for comparison: lower case, without accents. */
function plain(text) {
  return String(text).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Find nodes and modules by a query: exact matches, and labels that contain it. */
function search(query) {
  const wanted = plain(query.trim());
  searched ??= label.map(plain);
  const nodes = new Map(); // by the modules that contain the node
  const exact = new Set(); // modules
  const isExact = (node) => searched[node] === wanted;
  for (const m of range(0, numModules)) {
    const found = [];
    for (let node = firstNode[m]; node < firstNode[m + 1]; node += 1) if (searched[node].includes(wanted)) found.push(node);
    if (!found.length) continue;
    const hasExact = found.some(isExact);
    for (const above of ancestorsOf(m)) {
      if (!nodes.has(above)) nodes.set(above, []);
      for (const node of found) nodes.get(above).push(node);
      if (hasExact) exact.add(above);
    }
  }
  for (const m of exact) nodes.set(m, nodes.get(m).toSorted((i, j) => isExact(j) - isExact(i)));
  const named = moduleAt.get(wanted);
  if (named) exact.add(named);
  return { nodes, exact };
}

// The rows ---------------------------------------------------------------------------------------

function isOfLevel(m) {
  return shown.level === "all" || (shown.level === "finest" ? isLeaf(m) : depth[m] === Number(shown.level));
}

/** Return the modules in the table, sorted; those with an exact match come first. */
function rowsOf(hits) {
  const { value } = shown.column;
  const sign = shown.rises ? 1 : -1;
  const isHit = (m) => hits === null || hits.nodes.has(m) || hits.exact.has(m);
  const isLate = (m) => (hits === null || hits.exact.has(m) ? 0 : 1);
  return allModules
    .filter((m) => isOfLevel(m) && isHit(m))
    .sort((a, b) => isLate(a) - isLate(b) || sign * (value(a) - value(b)) || place[a] - place[b]);
}

function drawTable() {
  const hits = shown.query.trim() ? search(shown.query) : null;
  const rows = rowsOf(hits);
  const numPages = Math.max(Math.ceil(rows.length / PAGE), 1);
  shown.page = Math.min(shown.page, numPages - 1);
  const first = shown.page * PAGE;
  find("#modules thead").replaceChildren(headRow());
  find("#modules tbody").replaceChildren(...rows.slice(first, first + PAGE).map((m) => tableRow(m, hits)));
  find(".found").textContent = summaryOf(rows.length, first, hits);
  drawPager(numPages);
  return hits;
}

function summaryOf(number, first, hits) {
  if (number === 0) return hits ? "No node or module with this name." : "No modules.";
  const which = hits ? `${counted(number, "module")} found` : counted(number, "module");
  if (number <= PAGE) return `${which}.`;
  return `${which}, ${count(first + 1)} to ${count(Math.min(first + PAGE, number))} shown.`;
}

function headRow() {
  const heads = COLUMNS.map((column) => {
    const sorted = column === shown.column && (shown.rises ? "ascending" : "descending");
    const attributes = { type: "button", title: column.about ?? false, onclick: () => sortBy(column) };
    const button = make("button", attributes, column.name);
    return make("th", { role: "columnheader", "aria-sort": sorted, class: column.kind ?? "" }, button);
  });
  const members = make("th", { role: "columnheader", class: "members" }, "Most visited nodes");
  return make("tr", { role: "row" }, ...heads, members);
}

/** Roles are explicit because on small screens rows are not styled as table rows, and browsers would drop them. */
function tableRow(m, hits) {
  const [path, ...figures] = COLUMNS;
  const attributes = { type: "button", title: "Open on the map", onclick: () => showOnMap(m) };
  const zoom = make("button", attributes, path.text(m));
  const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = colourOf(m);
  return make(
    "tr",
    { role: "row" },
    make("th", { role: "rowheader" }, swatch, zoom),
    ...figures.map((column) => make("td", { role: "cell", class: column.kind ?? "" }, column.text(m))),
    make("td", { role: "cell", class: "members" }, ...membersOf(m, hits?.nodes.get(m) ?? [])),
  );
}

/** Return labels of nodes in a module: search hits, then the most visited; all nodes if it is open. */
function membersOf(m, found) {
  const isOpen = shown.open.has(m);
  const marked = new Set(found.map(wholeOf));
  const others = (isOpen ? nodesOf(m) : topNodesOf(m)).map(wholeOf).filter((node) => !marked.has(node));
  const names = [...marked, ...others].slice(0, isOpen ? undefined : MOST_NAMES);
  const parts = names.flatMap((node, i) => {
    const name = make("bdi", { title: String(label[node]) }, nameOf(node));
    return [...(i ? [", "] : []), marked.has(node) ? make("mark", {}, name) : name];
  });
  const more = size[m] - names.length;
  if (more > 0) parts.push(" ", moreOf(m, more));
  return parts;
}

function moreOf(m, number) {
  const text = `and ${count(number)} more`;
  const isAll = shown.open.has(m) || listed[m] <= MOST_NAMES;
  return isAll
    ? make("span", { class: "muted" }, text)
    : make("button", { type: "button", onclick: () => open(m) }, text);
}

function drawPager(numPages) {
  const turn = (name, by) => make("button", { type: "button", onclick: () => turnPage(by) }, name);
  const back = turn("‹ Previous", -1);
  const on = turn("Next ›", 1);
  back.disabled = shown.page === 0;
  on.disabled = shown.page === numPages - 1;
  const here = `Page ${count(shown.page + 1)} of ${count(numPages)}`;
  find(".pager").replaceChildren(...(numPages > 1 ? [back, here, on] : []));
}

// Interaction ------------------------------------------------------------------------------------

function sortBy(column) {
  const again = column === shown.column;
  shown.rises = again ? !shown.rises : Boolean(column.rises);
  shown.column = column;
  shown.page = 0;
  drawTable();
  find("#modules th[aria-sort] button").focus();
}

function turnPage(by) {
  shown.page += by;
  drawTable();
  const [back, on] = document.querySelectorAll(".pager button");
  (by > 0 && !on.disabled ? on : back.disabled ? on : back).focus();
}

function open(m) {
  shown.open.add(m);
  drawTable();
}

/** A search covers all levels until another level is chosen. */
function searchFor(query) {
  if (query && !shown.query) [levelBefore, shown.level] = [shown.level, "all"];
  if (!query && shown.query) shown.level = levelBefore;
  levelField.value = shown.level;
  shown.query = query;
  shown.page = 0;
  lightUp(drawTable());
}

function startTable() {
  const deepest = levelsBelow[ROOT] - 1;
  const levels = range(1, deepest + 1).map((level) => [String(level), level === 1 ? "Top modules" : `Level ${level}`]);
  const choices = [...levels, ["finest", "Finest modules"], ["all", "All levels"]];
  levelField.append(...choices.map(([value, name]) => make("option", { value }, name)));
  find(".level").hidden = deepest <= 1;
  levelField.addEventListener("change", () => {
    shown.level = levelField.value;
    shown.page = 0;
    drawTable();
  });
  searchField.addEventListener("focus", () => (searched ??= label.map(plain)));
  searchField.addEventListener("input", () => searchFor(searchField.value));
  drawTable();
}
