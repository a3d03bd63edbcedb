// The hierarchy: an icicle from left to right, a column a level -----------------------------------
//
// A cell stands for a module, a node, or the rest of a module: the parts too thin to be drawn one by one.

const HEIGHT = 600;
const STRIP = 22; // width of the way out
const ROW = 20; // height of a line of text
const THINNEST = 3;
const NARROWEST = 130; // of columns

const icicle = draw("svg", { role: "tree", "aria-labelledby": "hierarchy-title" });
const tooltip = find(".tooltip");
const cellOf = new WeakMap(); // what an element of the icicle stands for
let elements = new Map(); // by key: those of the last picture are moved, so that one sees where things go
let view = { module: ROOT, from: 0 };

/** All parts of a module from one on: its modules, or its nodes; last, those that the page does not list. */
function partsOf({ module, from }) {
  const kind = isLeaf(module) ? "node" : "module";
  const numbers = isLeaf(module) ? nodesOf(module) : childrenOf(module);
  const flows = isLeaf(module) ? nodeFlow : flow;
  const sizes = (number) => (kind === "node" ? 1 : size[number]);
  const parts = numbers.map((number) => ({ kind, number, module, weight: flows[number] }));
  const missing = size[module] - parts.reduce((sum, part) => sum + sizes(part.number), 0);
  if (missing > 0) {
    const weight = Math.max(flow[module] - parts.reduce((sum, part) => sum + part.weight, 0), 0);
    parts.push({ kind: "rest", module, from: parts.length, number: missing, weight, unlisted: true });
  }
  const chosen = parts.slice(from);
  // Where the walk never is, all parts are alike.
  if (!chosen.some((part) => part.weight > 0)) chosen.forEach((part) => (part.weight = 1));
  return chosen;
}

/** The parts of a module that can be seen at a height, each with its own, and the rest of them as one. */
function visibleParts(shown, height, leastRest) {
  const parts = partsOf(shown);
  const total = parts.reduce((sum, part) => sum + part.weight, 0);
  parts.forEach((part) => (part.height = (height * part.weight) / total));
  let number = parts.findIndex((part) => part.height < THINNEST);
  if (number < 0 || number === parts.length - 1) return parts;
  if (number === 0) {
    // All too thin: some of them, larger than life.
    number = Math.max(Math.floor(height / ROW) - 1, 0);
    parts.slice(0, number).forEach((part) => (part.height = ROW));
  }
  const visible = parts.slice(0, number);
  const drawn = visible.reduce((sum, part) => sum + part.height, 0);
  const restHeight = Math.max(height - drawn, leastRest);
  visible.forEach((part) => (part.height *= (height - restHeight) / drawn));
  return [...visible, restOf(shown, parts.slice(number), number, restHeight)];
}

function restOf(shown, parts, number, height) {
  const unlisted = parts.at(-1).unlisted ? parts.at(-1) : null;
  const isNodes = isLeaf(shown.module);
  const onlyUnlisted = parts.length === 1 && unlisted !== null;
  const others = parts.length - (unlisted ? 1 : 0) + (isNodes && unlisted ? unlisted.number : 0);
  return onlyUnlisted
    ? { ...unlisted, height }
    : { kind: "rest", module: shown.module, from: shown.from + number, number: others, height, what: isNodes ? "node" : "module" };
}

/** All cells of a view, each in its place. */
function layout(width) {
  const columns = Math.min(levelsBelow[view.module], Math.max(Math.floor((width - STRIP) / NARROWEST), 2));
  const columnWidth = (width - STRIP) / columns;
  const cells = [{ kind: "out", module: view.module, key: "out", x: 0, y: 0, width: STRIP, height: HEIGHT, column: -1 }];
  const fill = (shown, above, y, column) => {
    for (const part of visibleParts(shown, above.height, column === 0 ? ROW : 0)) {
      const key = `${part.kind} ${part.kind === "rest" ? `${part.module}+${part.from}` : part.number}`;
      const cell = { ...part, key, above, column, x: STRIP + column * columnWidth, y, width: columnWidth };
      cells.push(cell);
      if (part.kind === "module" && column + 1 < columns) fill({ module: part.number, from: 0 }, cell, y, column + 1);
      y += part.height;
    }
  };
  fill(view, cells[0], 0, 0);
  return cells;
}

/** What a cell leads to; null if to nothing. */
function targetOf(cell) {
  if (cell.kind === "module") return { module: cell.number, from: 0 };
  if (cell.kind === "rest") return cell.unlisted ? null : { module: cell.module, from: cell.from };
  return cell.kind === "out" ? viewAbove() : null;
}

function viewAbove() {
  if (view.from > 0) return { module: view.module, from: 0 };
  return view.module === ROOT ? null : { module: parent[view.module], from: 0 };
}

// What is drawn ----------------------------------------------------------------------------------

function drawIcicle() {
  const width = Math.max(find(".icicle").clientWidth, 260);
  icicle.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const focused = cellOf.get(document.activeElement)?.key;
  const cells = layout(width);
  const before = elements;
  elements = new Map(cells.map((cell) => [cell.key, before.get(cell.key) ?? newElement()]));
  cells.forEach((cell) => update(elements.get(cell.key), cell));
  icicle.replaceChildren(...elements.values());
  enterAt(elements.get(focused) ?? elements.get(cells[1]?.key ?? "out"));
  if (focused) (elements.get(focused) ?? elements.get("out")).focus({ preventScroll: true });
}

function newElement() {
  return draw("g", {}, draw("rect"), draw("text"));
}

function update(element, cell) {
  cellOf.set(element, cell);
  const colour = cell.kind === "out" || cell.kind === "rest" ? "" : colourOf(cell.kind === "node" ? cell.module : cell.number);
  const fixed = targetOf(cell) ? "" : "fixed";
  const attributes = {
    class: `cell ${cell.kind} ${colour} ${fixed}`,
    role: "treeitem",
    "aria-level": cell.column + 2,
    "aria-label": described(cell).join(", "),
    tabindex: -1,
  };
  filled(element, attributes, []);
  // Properties of style, as these move smoothly.
  element.style.transform = `translate(${cell.x}px, ${cell.y}px)`;
  const [rect, text] = element.children;
  rect.style.width = `${cell.width}px`;
  rect.style.height = `${cell.height}px`;
  text.replaceChildren(...linesOf(cell));
}

/** The text on a cell: as much as there is room for, whole names only. */
function linesOf(cell) {
  if (cell.kind === "out") return fixedOut() ? [] : [draw("tspan", { x: 7, y: HEIGHT / 2 }, "‹")];
  if (cell.height < 15) return [];
  const room = cell.width - 14;
  const isTall = cell.height >= 40 && cell.kind === "module";
  const y = isTall ? 17 : Math.min(cell.height / 2 + 4.5, 17);
  const [name, aside] = titleOf(cell);
  const title = fitting([name], room, true);
  const left = room - widthOf(title, true) - 8;
  const line = [draw("tspan", { class: "name", x: 7, y }, title)];
  if (isTall) {
    const names = fitting(namesOf(cell.number), room);
    if (widthOf(aside) <= left) line.push(draw("tspan", { class: "aside", dx: 8 }, aside));
    if (names) line.push(draw("tspan", { x: 7, y: y + 17 }, names));
  } else {
    const more = cell.kind === "module" ? fitting(namesOf(cell.number), left) : fitting([aside], left);
    if (more && more !== "…") line.push(draw("tspan", { class: cell.kind === "module" ? "" : "aside", dx: 8 }, more));
  }
  return line;
}

const fixedOut = () => viewAbove() === null;

function titleOf(cell) {
  if (cell.kind === "module") return [pathOf(cell.number), `${counted(size[cell.number], "node")}, ${percent(flow[cell.number])}`];
  if (cell.kind === "node") return [isolated(nameOf(cell.number)), percent(nodeFlow[cell.number])];
  return [restName(cell), ""];
}

function restName(cell) {
  if (cell.unlisted) return `${counted(cell.number, "node")} not listed`;
  return `${count(cell.number)} smaller ${cell.what}${cell.number === 1 ? "" : "s"}`;
}

/** As many of the names as a line has room for, with a sign if there are more; a part of a name if only one is asked for. */
function fitting(names, room, isBold = false) {
  const whole = names.join(", ");
  if (widthOf(whole, isBold) <= room) return whole;
  for (let number = names.length - 1; number > 0; number--) {
    const some = `${names.slice(0, number).join(", ")}, …`;
    if (widthOf(some, isBold) <= room) return some;
  }
  const letters = Array.from(names[0] ?? "");
  while (letters.length > 1 && widthOf(`${letters.join("")}…`, isBold) > room) letters.pop();
  return letters.length > 3 ? `${letters.join("")}…` : "";
}

const pencil = document.createElement("canvas").getContext("2d");
const widths = new Map();

function widthOf(text, isBold = false) {
  const key = `${isBold} ${text}`;
  if (!widths.has(key)) {
    pencil.font = `${isBold ? 600 : 400} 13px ${getComputedStyle(document.body).fontFamily}`;
    widths.set(key, pencil.measureText(text).width);
  }
  return widths.get(key);
}

/** All there is to say about a cell, for the tooltip and for those who listen. */
function described(cell) {
  if (cell.kind === "out") return [fixedOut() ? "The whole network" : "Zoom out"];
  if (cell.kind === "rest") return [restName(cell)];
  if (cell.kind === "node") return [isolated(nameOf(cell.number)), `${percent(nodeFlow[cell.number])} of the flow`, `in module ${pathOf(cell.module) || "1"}`];
  return [`Module ${pathOf(cell.number)}`, ...figuresOf(cell.number), namesOf(cell.number).join(", ")];
}

function figuresOf(m) {
  const parts = isLeaf(m) ? [] : [counted(numChildren[m], "module")];
  return [
    ...parts,
    counted(size[m], "node"),
    `${percent(flow[m])} of the flow`,
    `entered in ${percent(enter[m])} and left in ${percent(exit[m])} of steps`,
    `${codelength[m].toFixed(4)} bits per step for its own names`,
  ];
}

function drawWayBack() {
  const trail = [ROOT, ...ancestorsOf(view.module)];
  const steps = trail.map((module) => ({ view: { module, from: 0 }, name: pathOf(module) || "All modules" }));
  if (view.from > 0) steps.push({ view, name: `from the ${isLeaf(view.module) ? "node" : "module"} no. ${count(view.from + 1)}` });
  const items = steps.map(({ view: goal, name }, i) => {
    const isHere = i === steps.length - 1;
    return make("li", {}, isHere ? make("span", { "aria-current": "true" }, name) : make("button", { type: "button", onclick: () => zoomTo(goal) }, name));
  });
  find(".breadcrumb").replaceChildren(make("ol", {}, ...items));
  const text = view.module === ROOT ? `${counted(numChildren[ROOT], "module")}, ${counted(size[ROOT], "node")}` : `Module ${pathOf(view.module)}: ${figuresOf(view.module).join(", ")}`;
  find(".zoomed").textContent = `${text}.`;
}

// What people do with it -------------------------------------------------------------------------

/** Only one cell is on the way of the Tab key; arrows lead on from there. */
function enterAt(element) {
  icicle.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
  element.setAttribute("tabindex", "0");
}

function zoomInto(cell) {
  const target = targetOf(cell);
  hideTooltip();
  if (target) zoomTo(target);
}

function neighbour(cell, key) {
  const cells = [...elements.values()].map((element) => cellOf.get(element));
  const column = cells.filter((other) => other.column === cell.column).sort((a, b) => a.y - b.y);
  if (key === "ArrowUp") return column[column.indexOf(cell) - 1];
  if (key === "ArrowDown") return column[column.indexOf(cell) + 1];
  if (key === "ArrowLeft") return cell.above;
  return cells.find((other) => other.above === cell);
}

function onKey(event) {
  const cell = cellOf.get(event.target.closest(".cell"));
  if (!cell || event.altKey || event.ctrlKey || event.metaKey) return;
  const above = viewAbove();
  if (event.key === "Enter" || event.key === " ") zoomInto(cell);
  else if (event.key === "Escape" || event.key === "Backspace") above && zoomTo(above);
  else if (event.key.startsWith("Arrow")) {
    const next = elements.get(neighbour(cell, event.key)?.key);
    if (next) {
      enterAt(next);
      next.focus();
    }
  } else return;
  event.preventDefault();
}

function showTooltip(element, x, y) {
  tooltip.textContent = described(cellOf.get(element)).join("\n");
  tooltip.hidden = false;
  const { width, height } = tooltip.getBoundingClientRect();
  tooltip.style.left = `${Math.max(Math.min(x + 14, innerWidth - width - 8), 8)}px`;
  tooltip.style.top = `${y + 18 + height > innerHeight ? Math.max(y - height - 10, 8) : y + 18}px`;
}

function hideTooltip() {
  tooltip.hidden = true;
}

function startIcicle() {
  find(".icicle").append(icicle);
  const on = (name, act) => icicle.addEventListener(name, act);
  const withCell = (act) => (event) => event.target.closest(".cell") && act(event.target.closest(".cell"), event);
  on("click", withCell((element) => zoomInto(cellOf.get(element))));
  on("keydown", onKey);
  on("pointermove", withCell((element, event) => showTooltip(element, event.clientX, event.clientY)));
  on("pointerleave", hideTooltip);
  on("focusout", hideTooltip);
  on("focusin", withCell((element) => {
    const { left, bottom } = element.getBoundingClientRect();
    if (element.matches(":focus-visible")) showTooltip(element, left, bottom - 14);
  }));
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (Math.round(entry.contentRect.width) === width) return;
    width = Math.round(entry.contentRect.width);
    drawIcicle();
  }).observe(find(".icicle"));
}

function showView() {
  view = currentView();
  drawWayBack();
  drawIcicle();
}
