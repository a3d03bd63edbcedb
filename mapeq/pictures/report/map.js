// The map: modules as discs, areas and widths by flow, with their modules and nodes in them -----------
//
// Coordinates are those of the root's disc, of radius 1. Each module that is large enough on the screen is opened: its
// inside, a group in which its own disc has radius 1, is placed and drawn once, and then only moved and scaled.

const MOST_DRAWN = 120; // parts of a module
const MOST_GUESTS = 40; // parts beyond these that are drawn because they were found or opened
const MOST_BANDS = 300; // between them
const OPEN_AT = 48; // radius on the screen, in pixels
const OPEN_ALWAYS_AT = 120; // even if there are already many parts on the screen
const MANY = 600; // parts
const MOST_LABELS = 60;
const LINE = 15;

const canvas = draw("svg", { role: "group", "aria-label": "Map of the network" });
const ground = draw("g");
const labels = draw("g", { class: "labels", "aria-hidden": "true" });
const insides = new Map(); // by module
const guests = new Map(); // by module
const partAt = new WeakMap(); // the part or flow of each element
const camera = { x: 0, y: 0, scale: 1, width: 0, height: 0 };
let lit = null; // what the search has found

/** Return the parts of a module that are drawn, by decreasing flow. */
function drawnParts(m) {
  const { first, number } = partRange(m);
  const numbers = range(first, first + Math.min(number, MOST_DRAWN));
  const kind = isLeaf(m) ? "node" : "module";
  const weights = isLeaf(m) ? nodeFlow : flow;
  const all = [...numbers, ...(guests.get(m) ?? [])];
  return all.map((part) => ({ kind, number: part, module: m, weight: weights[part] }));
}

/** Make sure that a part of a module is drawn; of many guests the first ones leave. */
function invite(m, part) {
  if (part < partRange(m).first + MOST_DRAWN || guests.get(m)?.has(part)) return;
  const invited = [...(guests.get(m) ?? []), part].slice(-MOST_GUESTS);
  guests.set(m, new Set(invited));
  insides.delete(m);
}

/** Make sure that a module is drawn in all modules that contain it. */
function inviteModule(m) {
  for (const above of ancestorsOf(m)) invite(parent[above], above);
}

/** Return the inside of a module: its parts with their places, and the group that shows them. */
function insideOf(m) {
  if (!insides.has(m)) insides.set(m, newInside(m));
  return insides.get(m);
}

function newInside(m) {
  const parts = drawnParts(m);
  const mean = sumOf(parts, (part) => part.weight) / Math.max(parts.length, 1);
  const radii = parts.map(({ weight }) => Math.sqrt(Math.max(weight, mean / 25) || 1));
  const rankOf = new Map(parts.map((part, i) => [part.number - partRange(m).first, i]));
  const flows = flowsIn(m)
    .filter(({ source, target }) => rankOf.has(source) && rankOf.has(target))
    .map((one) => ({ ...one, source: rankOf.get(one.source), target: rankOf.get(one.target) }));
  const places = parts.length === 1 ? [{ x: 0, y: 0, r: 0.6 }] : placeDiscs(radii, flows, isLeaf(m) ? 3 : 1);
  parts.forEach((part, i) => Object.assign(part, places[i]));
  const drawn = flows.slice(0, MOST_BANDS);
  const elements = parts.map(partElement);
  const bands = draw("g", { class: "flows" }, ...bandElements(drawn, parts));
  const discs = elements.flatMap((element, i) => [element, ...sectorsOf(parts[i])]);
  const element = draw("g", { class: "inside" }, bands, ...discs);
  return { parts, elements, numFlows: drawn.length, element };
}

function partElement(part) {
  const { x, y, r, kind, number, module } = part;
  const label = describedPart(part).join(", ");
  const attributes = { cx: x, cy: y, r, role: kind === "node" ? "img" : "button", "aria-label": label, tabindex: -1 };
  const element = draw("circle", attributes);
  element.style.setProperty("--colour", colourOf(kind === "node" ? module : number));
  partAt.set(element, part);
  light(element, part);
  return element;
}

// Flow between parts -----------------------------------------------------------------------------

/** Return bands with widths by flow, so wide that few are wider than the discs that they join. */
function bandElements(flows, parts) {
  const ends = flows.map((one) => [parts[one.source], parts[one.target]]);
  const widest = data.directed ? 0.5 : 0.9; // in radii of the smaller disc
  const room = flows.map((one, i) => (widest * Math.min(ends[i][0].r, ends[i][1].r)) / one.flow).sort((a, b) => a - b);
  const ink = sumOf(range(0, flows.length), (i) => flows[i].flow * distanceOf(...ends[i]));
  const factor = Math.min(room[Math.floor(0.03 * flows.length)], 0.5 / ink);
  return flows
    .map((one, i) => {
      const width = Math.max(one.flow * factor, 0.003);
      const element = draw("path", { d: outlineOf(...ends[i], width) });
      partAt.set(element, { kind: "flow", source: ends[i][0], target: ends[i][1], amount: one.flow });
      return element;
    })
    .reverse(); // the strongest on top
}

const distanceOf = (a, b) => Math.hypot(b.x - a.x, b.y - a.y);

/** Return the outline of a band; in directed networks it bends, and gets narrower towards its target. */
function outlineOf(a, b, width) {
  const length = distanceOf(a, b) || 1;
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const at = (along, across) => {
    const place = [a.x + ux * along - uy * across, a.y + uy * along + ux * across];
    return place.map((value) => value.toFixed(4)).join(" ");
  };
  const [first, last, half] = [a.r, Math.max(length - b.r, a.r), width / 2];
  if (!data.directed) return `M${at(first, half)}L${at(last, half)}L${at(last, -half)}L${at(first, -half)}Z`;
  const [middle, bend] = [(first + last) / 2, Math.min(0.12 * length, (last - first) / 2)];
  const back = `Q${at(middle, bend - half / 2)} ${at(first, -half)}Z`;
  return `M${at(first, half)}Q${at(middle, bend + half / 2)} ${at(last, 0)}${back}`;
}

function describedFlow({ source, target, amount }) {
  const [from, to] = [source, target].map(titleOfPart);
  // Three digits are known.
  const share = amount < 0.00001 ? percent(amount) : `${Number((100 * amount).toPrecision(3))}%`;
  return [`${from} ${data.directed ? "→" : "↔"} ${to}`, `${share} of all steps${data.directed ? "" : " each way"}`];
}

function titleOfPart({ kind, number }) {
  return kind === "node" ? isolated(nameOf(number)) : `Module ${pathOf(number)}`;
}

// Frames: what is open, where it is, and what it is called ----------------------------------------

/** Draw the map as the camera sees it; so many modules may be opened for the first time, others in later frames. */
function drawMap(mayOpen = 1) {
  const { x, y, scale, width, height } = camera;
  const open = [];
  const named = [];
  let isMore = false;
  let numParts = 0; // on the screen
  const show = (m, disc, title) => {
    const inside = insideOf(m);
    inside.element.setAttribute("transform", `translate(${disc.x} ${disc.y}) scale(${disc.r})`);
    open.push({ m, inside });
    if (title) named.push(title);
    inside.parts.forEach((part, i) => {
      const [partX, partY, r] = [disc.x + part.x * disc.r, disc.y + part.y * disc.r, part.r * disc.r];
      const seen = { part, element: inside.elements[i], x: partX, y: partY, r, around: disc.r };
      if (partX + r < 0 || partX - r > width || partY + r < 0 || partY - r > height) return;
      const number = part.kind === "module" ? Math.min(partRange(part.number).number, MOST_DRAWN) : 0;
      const isLarge = number > 0 && r >= (numParts + number > MANY ? OPEN_ALWAYS_AT : OPEN_AT);
      const isOpen = isLarge && (insides.has(part.number) || mayOpen > 0);
      isMore ||= isLarge && !isOpen;
      inside.elements[i].classList.toggle("open", isOpen);
      if (!isOpen) return named.push(seen);
      if (!insides.has(part.number)) mayOpen -= 1;
      numParts += number;
      show(part.number, seen, { ...seen, isOpen });
    });
  };
  show(ROOT, { x: width / 2 - x * scale, y: height / 2 - y * scale, r: scale });
  arrange(open);
  labels.replaceChildren(...labelElements(named));
  if (isMore && !flight) redraw();
}

/** Put the insides in order; those in the current module can be reached by keys and are read aloud. */
function arrange(open) {
  const wanted = open.map(({ inside }) => inside.element);
  if (wanted.length !== ground.children.length || wanted.some((one, i) => one !== ground.children[i])) {
    const focused = document.activeElement;
    ground.replaceChildren(...wanted);
    if (partAt.has(focused) && focused.isConnected) focused.focus({ preventScroll: true });
  }
  for (const { m, inside } of open) {
    const isKept = m === view.module || inside.element.contains(document.activeElement);
    inside.element.setAttribute("aria-hidden", !isKept);
  }
}

let frame = 0;

function redraw() {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => drawMap());
}

/** Return labels that do not overlap: those of search hits first, then those of the largest discs. */
function labelElements(named) {
  const taken = [placeOfButtons()];
  const found = [];
  const isHit = ({ element }) => element.classList.contains("hit");
  named.sort((a, b) => isHit(b) - isHit(a) || b.r - a.r);
  for (const one of named) {
    const label = inSight(labelOf(one, isHit(one)));
    if (!label || taken.some((box) => overlap(box, label))) continue;
    taken.push(label);
    const lines = label.lines.map((line, i) =>
      draw("tspan", { class: line.isBold ? "name" : "", x: label.x, y: label.top + LINE * (i + 0.8) }, line.text),
    );
    found.push(draw("text", { class: lit && !isHit(one) ? "faint" : "" }, ...lines));
    if (found.length === MOST_LABELS) break;
  }
  return found;
}

function labelOf(one, isHit) {
  if (one.isOpen) return titleLabel(one);
  return one.part.kind === "node" ? nodeLabel(one, isHit) : moduleLabel(one);
}

/** Move a label so that all of it is on the map; drop it if its middle is not. */
function inSight(label) {
  if (!label || label.x < 0 || label.x > camera.width) return null;
  const half = label.width / 2;
  return { ...label, x: Math.max(Math.min(label.x, camera.width - half), half) };
}

/** The place of the buttons on the map, see map.css. */
const placeOfButtons = () => ({ x: camera.width - 28, width: 46, top: camera.height - 136, height: 136 });

function overlap(a, b) {
  const isBeside = Math.abs(a.x - b.x) * 2 >= a.width + b.width;
  return !isBeside && a.top < b.top + b.height && b.top < a.top + a.height;
}

const boxed = (x, top, lines) => ({
  lines,
  x,
  top,
  width: Math.max(...lines.map((line) => widthOf(line.text, line.isBold))) + 4,
  height: lines.length * LINE,
});

/** The path of a module and as many names of its nodes as fit on its disc. */
function moduleLabel({ part, x, y, r }) {
  const path = { text: pathOf(part.number), isBold: true };
  if (r < 9 || widthOf(path.text, true) > 1.8 * r) return null;
  const most = Math.min(Math.floor((1.3 * r) / LINE) - 1, 4);
  const names = namesOf(part.number)
    .slice(0, Math.max(most, 0))
    .map((name) => ({ text: fitting([name], 1.5 * r).text, isBold: false }))
    .filter(({ text }) => text);
  return boxed(x, y - ((names.length + 1) * LINE) / 2, [path, ...names]);
}

/** The path of an open module, above its disc. */
function titleLabel({ part, x, y, r }) {
  return boxed(x, Math.max(y - r - LINE - 2, 0), [{ text: pathOf(part.number), isBold: true }]);
}

/** The name of a node, on its disc if it fits, otherwise below. */
function nodeLabel({ part, x, y, r, around }, isHit) {
  if (r < 4 && !isHit) return null;
  const room = Math.min(150, 0.28 * camera.width, isHit ? Infinity : 1.6 * around);
  const { text } = fitting([isolated(nameOf(part.number))], room, isHit);
  const isInside = widthOf(text, isHit) <= 1.8 * r;
  return text ? boxed(x, isInside ? y - LINE / 2 : y + r + 1, [{ text, isBold: isHit }]) : null;
}

// Search -----------------------------------------------------------------------------------------

/** Light up what a search has found, or nothing: nodes, the modules that contain them, and modules by their paths. */
function lightUp(hits) {
  const nodes = new Set();
  if (hits) for (const [m, found] of hits.nodes) if (isLeaf(m)) found.forEach((node) => nodes.add(node));
  lit = hits && { nodes, modules: new Set([...hits.nodes.keys(), ...hits.exact]) };
  if (nodes.size <= MOST_GUESTS / 2) {
    for (const node of nodes) invite(moduleOfNode[node], node);
    for (const m of lit?.modules ?? []) inviteModule(m);
  }
  canvas.classList.toggle("searching", Boolean(lit));
  for (const { parts, elements } of insides.values()) elements.forEach((element, i) => light(element, parts[i]));
  find(".hits").replaceChildren(...(hits ? hitButtons([...nodes]) : []));
  drawMap();
}

function light(element, { kind, number }) {
  const isHit = Boolean(lit) && (kind === "node" ? lit.nodes : lit.modules).has(number);
  const isRing = kind === "node" && data.nodes.side?.[number] === 1;
  element.setAttribute("class", `part ${kind} ${isRing ? "ring" : ""} ${isHit ? "hit" : ""}`);
}

/** Say which nodes were found in which modules, and which module has this path; a click opens the module. */
function hitButtons(nodes) {
  const named = moduleAt.get(shown.query.trim());
  const opens = (m) => ({ type: "button", onclick: () => showOnMap(m) });
  const module = named ? [make("button", opens(named), `Module ${pathOf(named)}`)] : [];
  const buttons = nodes.slice(0, 6).map((node) => {
    const m = moduleOfNode[node];
    const place = m === ROOT ? [] : [` in ${pathOf(m)}`];
    const share = shareOf(node) ? [` (${shareOf(node)})`] : [];
    return make("button", opens(m), make("bdi", {}, nameOf(node)), ...place, ...share);
  });
  const more = nodes.length > buttons.length ? [` and ${count(nodes.length - buttons.length)} more`] : [];
  const number = states ? new Set(nodes.map(wholeOf)).size : nodes.length;
  const places = nodes.length > number ? ` in ${count(nodes.length)} modules` : "";
  return [`${counted(number, "node")} found${places}${number ? ": " : ". "}`, ...buttons, ...more, ...module];
}
