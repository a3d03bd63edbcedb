// The hierarchy: an icicle diagram from left to right, one column per level ------------------------
//
// A cell is a module, a node, or the rest of a module: the parts that are too thin to draw.

const HEIGHT = 600;
const STRIP = 22; // width of the strip that zooms out
const ROW = 20; // height of a line of text
const THINNEST = { module: 3, node: 15, rest: Infinity }; // nodes are drawn only with their labels
const NARROWEST = 130; // column

const icicle = draw("svg", { role: "tree", "aria-labelledby": "hierarchy-title" });
const cellOf = new WeakMap(); // the cell of each element
let elements = new Map(); // by key; elements are reused and moved, so that changes are animated

/** Return the parts of a module from one on: its modules or its nodes, and last the nodes that the page omits. */
function partsOf({ module, from }) {
  const parts = isLeaf(module)
    ? nodesOf(module).map((number) => ({ kind: "node", number, module, weight: nodeFlow[number] }))
    : childrenOf(module).map((number) => ({ kind: "module", number, module, weight: flow[number] }));
  const missing = members[module] - sumOf(parts, (part) => (part.kind === "node" ? 1 : members[part.number]));
  if (missing > 0) {
    const weight = Math.max(flow[module] - sumOf(parts, (part) => part.weight), 0);
    parts.push({ kind: "rest", isUnlisted: true, module, from: parts.length, number: missing, weight });
  }
  const chosen = parts.slice(from);
  // Parts without flow get equal heights.
  if (!chosen.some((part) => part.weight > 0)) chosen.forEach((part) => (part.weight = 1));
  return chosen;
}

/** Return the parts of a module that are visible at a height, with their heights, and the rest as one part. */
function visibleParts(shown, height, isZoomed) {
  const parts = partsOf(shown);
  const total = sumOf(parts, (part) => part.weight);
  parts.forEach((part) => (part.height = (height * part.weight) / total));
  let number = parts.findIndex((part) => part.height < THINNEST[part.kind]);
  if (number < 0 || number === parts.length - 1) return parts;
  let drawn = sumOf(parts.slice(0, number), (part) => part.height);
  if (isZoomed && drawn < height / 2) {
    number = enlarge(parts, height - ROW);
    drawn = sumOf(parts.slice(0, number), (part) => part.height);
  }
  const restHeight = number < parts.length ? Math.max(height - drawn, isZoomed ? ROW : 0) : 0;
  const visible = parts.slice(0, number);
  visible.forEach((part) => (part.height *= (height - restHeight) / drawn));
  return restHeight > 0 ? [...visible, { ...restOf(shown, parts.slice(number), number), height: restHeight }] : visible;
}

/** Enlarge parts to at least a line of text as long as there is room; return the number of parts that fit. */
function enlarge(parts, room) {
  let number = 0;
  for (const part of parts) {
    const height = Math.max(part.height, ROW);
    if (height > room) break;
    Object.assign(part, { height, isEnlarged: true });
    room -= height;
    number += 1;
  }
  return number;
}

/** Combine the last parts of a module into one cell. */
function restOf(shown, parts, first) {
  const number = sumOf(parts, (part) => (part.isUnlisted ? (isLeaf(part.module) ? part.number : 0) : 1));
  return { kind: "rest", module: shown.module, from: shown.from + first, number };
}

/** Return all cells of the view with their positions. */
function layout(width) {
  const columns = Math.min(levelsBelow[view.module], Math.max(Math.floor((width - STRIP) / NARROWEST), 2));
  const columnWidth = (width - STRIP) / columns;
  const strip = { x: 0, y: 0, width: STRIP, height: HEIGHT, column: -1 };
  const cells = [{ kind: "out", key: "out", module: view.module, ...strip }];
  const fill = (shown, above, y, column) => {
    for (const part of visibleParts(shown, above.height, column === 0)) {
      const key = `${part.kind} ${part.kind === "rest" ? `${part.module}+${part.from}` : part.number}`;
      const x = STRIP + column * columnWidth;
      // Labels of nodes extend to the right edge.
      const isNodes = part.kind !== "module" && isLeaf(shown.module);
      const cell = { ...part, key, above, column, x, y, width: isNodes ? width - x : columnWidth };
      cells.push(cell);
      if (part.kind === "module" && column + 1 < columns) fill({ module: part.number, from: 0 }, cell, y, column + 1);
      y += part.height;
    }
  };
  fill(view, cells[0], 0, 0);
  return cells;
}

/** Return the view that a cell zooms to, or null. */
function targetOf(cell) {
  if (cell.kind === "module") return { module: cell.number, from: 0 };
  if (cell.kind === "rest") return cell.isUnlisted ? null : { module: cell.module, from: cell.from };
  return cell.kind === "out" ? viewAbove() : null;
}

// Drawing ----------------------------------------------------------------------------------------

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
  const isEnlarged = cells.some((cell) => cell.isEnlarged);
  find(".zoomed").textContent = `${viewInWords()} ${isEnlarged ? "There are too many parts to draw to scale." : ""}`;
  if (focused) (elements.get(focused) ?? elements.get("out")).focus({ preventScroll: true });
}

function newElement() {
  return draw("g", {}, draw("rect"), draw("text"));
}

function update(element, cell) {
  cellOf.set(element, cell);
  const attributes = {
    class: `cell ${looksOf(cell)} ${targetOf(cell) ? "zooms" : ""}`,
    role: "treeitem",
    "aria-level": cell.column + 2,
    "aria-label": described(cell).join(", "),
    tabindex: -1,
  };
  filled(element, attributes, []);
  // Style properties are animated; attributes are not.
  element.style.setProperty("--colour", colourOf(cell.kind === "module" ? cell.number : cell.module));
  element.style.transform = `translate(${cell.x}px, ${cell.y}px)`;
  const [rect, text] = element.children;
  rect.style.width = `${cell.width}px`;
  rect.style.height = `${cell.height}px`;
  text.replaceChildren(...linesOf(cell));
}

/** The rest of a module's nodes looks like nodes, the rest of its modules neutral. */
function looksOf(cell) {
  if (cell.kind === "rest") return isLeaf(cell.module) ? "nodes" : "others";
  return cell.kind;
}

/** Return the text on a cell: as many whole names as fit. */
function linesOf(cell) {
  if (cell.kind === "out") return viewAbove() ? [draw("tspan", { x: 7, y: HEIGHT / 2 }, "‹")] : [];
  if (cell.height < 15) return [];
  const room = cell.width - 14;
  const isTall = cell.height >= 40;
  const y = Math.min(cell.height / 2 + 4.5, 17);
  const names = namesOn(cell);
  const title = fitting([titleOf(cell, room)], room, true).text;
  const lines = [draw("tspan", { class: "name", x: 7, y }, title)];
  const beside = isTall || !names.length ? [asideOf(cell)] : names;
  const { text, number } = fitting(beside, room - widthOf(title, true) - 8);
  if (number > 0) lines.push(draw("tspan", { class: beside === names ? "" : "aside", dx: 8 }, text));
  return isTall ? [...lines, ...paragraph(names, room, y + 18, cell.height - 6)] : lines;
}

/** Fill lines with names between two heights. */
function paragraph(names, room, y, bottom) {
  const lines = [];
  for (let first = 0; first < names.length && y <= bottom; y += 18) {
    const isLast = y + 18 > bottom;
    const { text, number } = fitting(names.slice(first), room, false, isLast ? ", …" : ",");
    if (!text) break;
    lines.push(draw("tspan", { x: 7, y }, text));
    first += Math.max(number, 1);
  }
  return lines;
}

/** Return the labels on a cell: the most visited nodes of a module, or nodes too thin for cells of their own. */
function namesOn(cell) {
  if (cell.kind === "module") return namesOf(cell.number);
  if (cell.kind === "node" || !isLeaf(cell.module)) return [];
  const nodes = nodesOf(cell.module).slice(cell.from, cell.from + 200); // more than ever fit
  return nodes.map((node) => isolated(nameOf(node)));
}

function titleOf(cell, room) {
  if (cell.kind === "module") return pathOf(cell.number);
  if (cell.kind === "node") return isolated(nameOf(cell.number));
  return widthOf(restName(cell), true) <= room ? restName(cell) : `+ ${count(cell.number)}`;
}

function asideOf(cell) {
  if (cell.kind === "module") return `${counted(size[cell.number], "node")}, ${percent(flow[cell.number])}`;
  return cell.kind === "node" ? percent(nodeFlow[cell.number]) : "";
}

function restName(cell) {
  if (cell.isUnlisted) return `${counted(cell.number, "node")} not listed`;
  if (!isLeaf(cell.module)) return counted(cell.number, "more module");
  return counted(cell.number, cell.from > 0 ? "more node" : "node");
}

/** Describe a cell for the tooltip and for screen readers. */
function described(cell) {
  if (cell.kind === "out") return [viewAbove() ? "Zoom out" : "The whole network"];
  return cell.kind === "rest" ? [restName(cell)] : describedPart(cell);
}

// Interaction ------------------------------------------------------------------------------------

/** The Tab key reaches only one cell; arrow keys move on from there. */
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

function startIcicle() {
  find(".icicle").append(icicle);
  const on = (name, act) => icicle.addEventListener(name, act);
  const withCell = (act) => (event) => event.target.closest(".cell") && act(event.target.closest(".cell"), event);
  on("click", withCell((element) => zoomInto(cellOf.get(element))));
  on("keydown", onKey);
  const tell = (element, { clientX, clientY }) => showTooltip(described(cellOf.get(element)), clientX, clientY);
  on("pointermove", withCell(tell));
  on("pointerleave", hideTooltip);
  onFocus(find(".icicle"), withCell((element) => showTooltipOfFocused(element, described(cellOf.get(element)))));
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (Math.round(entry.contentRect.width) === width) return;
    width = Math.round(entry.contentRect.width);
    drawIcicle();
  }).observe(find(".icicle"));
}
