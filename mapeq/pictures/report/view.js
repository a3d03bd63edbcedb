// The current view, which is part of the page's address, such as #1:3 -----------------------------
//
// A view is a module and the number of its first visible part, because the hierarchy shows modules with thousands of
// parts in portions. Map and hierarchy share it. With the view in the address, the browser's back button works, and
// modules can be linked to.

const moduleAt = new Map(range(0, numModules).map((m) => [pathOf(m), m]));
let view = { module: ROOT, from: 0 };

function addressOf({ module, from }) {
  return `#${pathOf(module) || "all"}${from ? `+${from}` : ""}`;
}

function currentView() {
  const [path, from] = location.hash.slice(1).split("+");
  const module = moduleAt.get(path) ?? ROOT;
  const first = Math.floor(Number(from)) || 0;
  return { module, from: first > 0 && first < partRange(module).number ? first : 0 };
}

function zoomTo(target) {
  location.hash = addressOf(target);
}

function viewAbove() {
  if (view.from > 0) return { module: view.module, from: 0 };
  return view.module === ROOT ? null : { module: parent[view.module], from: 0 };
}

/** Draw the path to the current module, with a button for each step, above the map and above the hierarchy. */
function drawWayBack() {
  const path = [ROOT, ...ancestorsOf(view.module)].map((module) => ({ module, from: 0 }));
  if (view.from > 0) path.push(view);
  for (const place of document.querySelectorAll(".breadcrumb")) {
    const steps = path.map((step, i) =>
      i === path.length - 1
        ? make("span", { "aria-current": "true" }, stepName(step))
        : make("button", { type: "button", onclick: () => zoomTo(step) }, stepName(step)),
    );
    place.replaceChildren(make("ol", {}, ...steps.map((step) => make("li", {}, step))));
  }
}

function stepName({ module, from }) {
  if (from > 0) return `from ${isLeaf(module) ? "node" : "module"} ${count(from + 1)} on`;
  return pathOf(module) || "All modules";
}

/** Describe the current module in a sentence. */
function viewInWords() {
  const { module } = view;
  if (module === ROOT) return `${counted(numChildren[ROOT], "module")}, ${counted(size[ROOT], "node")}.`;
  return `Module ${pathOf(module)}: ${figuresOf(module).join(", ")}.`;
}

function figuresOf(m) {
  const parts = isLeaf(m) ? [] : [counted(numChildren[m], "module")];
  return [
    ...parts,
    counted(size[m], "node"),
    `${percent(flow[m])} of the flow`,
    `entered in ${percent(enter[m])} and left in ${percent(exit[m])} of all steps`,
    `${codelength[m].toFixed(4)} bits per step for its codebook`,
  ];
}

/** Describe a node or a module of the map or the hierarchy, for the tooltip and for screen readers. */
function describedPart({ kind, number }) {
  return kind === "node"
    ? [isolated(nameOf(number)), `${percent(nodeFlow[number])} of the flow`, ...placeInWords(number)]
    : [`Module ${pathOf(number)}`, ...figuresOf(number), namesOf(number).join(", ")];
}

// The tooltip ------------------------------------------------------------------------------------

const tooltip = find(".tooltip");

function showTooltip(lines, x, y) {
  tooltip.textContent = lines.join("\n");
  tooltip.hidden = false;
  const { width, height } = tooltip.getBoundingClientRect();
  tooltip.style.left = `${Math.max(Math.min(x + 14, innerWidth - width - 8), 8)}px`;
  tooltip.style.top = `${y + 18 + height > innerHeight ? Math.max(y - height - 10, 8) : y + 18}px`;
}

function hideTooltip() {
  tooltip.hidden = true;
}

/** Describe what gets the focus around a drawing: Chromium lets Tab stop at drawings that listen themselves. */
function onFocus(place, tell) {
  place.addEventListener("focusin", tell);
  place.addEventListener("focusout", hideTooltip);
}

/** Show the tooltip of an element that has the focus, below it, if it has it by a key. */
function showTooltipOfFocused(element, lines) {
  const { left, bottom } = element.getBoundingClientRect();
  if (element.matches(":focus-visible")) showTooltip(lines, left, bottom - 14);
}
