// Moving on the map: the camera, the current module, mouse, fingers and keys --------------------------

const HALF = 0.46; // radius of the current module, as a part of the map's height or width
const FLIGHT = 450; // milliseconds
const REST = 180; // milliseconds after a movement until the module in the middle becomes the current one
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

/** Return the disc of a module in the coordinates of the root; ancestors are placed for that. */
function discOf(m) {
  if (m === ROOT) return { x: 0, y: 0, r: 1 };
  invite(parent[m], m);
  const { x, y, r } = discOf(parent[m]);
  const part = insideOf(parent[m]).parts.find(({ number }) => number === m);
  return { x: x + part.x * r, y: y + part.y * r, r: part.r * r };
}

/** Return how the camera shows all of a module; of the root the rectangle that its parts fill. */
function viewOf(m) {
  const { width, height } = camera;
  if (m !== ROOT) {
    const { x, y, r } = discOf(m);
    return { x, y, scale: (HALF * Math.min(width, height)) / r };
  }
  const { parts } = insideOf(ROOT);
  const reach = (axis, sign) => Math.max(...parts.map((part) => sign * part[axis] + part.r), 0.01);
  const [left, right, top, bottom] = [reach("x", -1), reach("x", 1), reach("y", -1), reach("y", 1)];
  const scale = Math.min((2 * HALF * width) / (left + right), (2 * HALF * height) / (top + bottom));
  return { x: (right - left) / 2, y: (bottom - top) / 2, scale };
}

let flight = 0; // the next frame of a flight

function stop() {
  cancelAnimationFrame(flight);
  flight = 0;
}

/** Move the camera to a place, in a straight line on the screen; modules are opened on arrival. */
function flyTo(target) {
  stop();
  if (isCalm.matches || !camera.width) {
    Object.assign(camera, target);
    return drawMap();
  }
  const from = { ...camera };
  const began = performance.now();
  const step = (now) => {
    const time = Math.min(Math.max((now - began) / FLIGHT, 0), 1);
    const t = time * time * (3 - 2 * time);
    const scale = from.scale * (target.scale / from.scale) ** t;
    const isZoom = Math.abs(Math.log(target.scale / from.scale)) > 0.01;
    const part = isZoom ? (1 / scale - 1 / from.scale) / (1 / target.scale - 1 / from.scale) : t;
    Object.assign(camera, { scale, x: from.x + part * (target.x - from.x), y: from.y + part * (target.y - from.y) });
    flight = time < 1 ? requestAnimationFrame(step) : 0;
    drawMap(flight ? 0 : 1);
  };
  flight = requestAnimationFrame(step);
}

/** Zoom by a factor; the point of the map that is at a place on the screen stays there. */
function zoomBy(factor, x = camera.width / 2, y = camera.height / 2) {
  const [least, most] = [viewOf(ROOT).scale, 60 * viewOf(view.module).scale];
  const scale = Math.min(Math.max(camera.scale * factor, least), most);
  const moved = 1 / camera.scale - 1 / scale;
  stop();
  Object.assign(camera, {
    scale,
    x: camera.x + (x - camera.width / 2) * moved,
    y: camera.y + (y - camera.height / 2) * moved,
  });
  redraw();
  settleSoon();
}

function panBy(dx, dy) {
  stop();
  const inReach = (value) => Math.min(Math.max(value, -1.2), 1.2);
  Object.assign(camera, { x: inReach(camera.x - dx / camera.scale), y: inReach(camera.y - dy / camera.scale) });
  redraw();
  settleSoon();
}

// The current module -----------------------------------------------------------------------------

let waiting = 0;
let settled = null; // the module that has become the current one because the camera is there

function settleSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const m = moduleInMiddle();
    if (m === view.module) return;
    settled = m;
    location.replace(addressOf({ module: m, from: 0 }));
  }, REST);
}

/** Return the smallest open module that is large and in the middle of the map. */
function moduleInMiddle() {
  let [m, disc] = [ROOT, discOf(ROOT)];
  const least = (0.35 * Math.min(camera.width, camera.height)) / camera.scale;
  while (!isLeaf(m) && insides.has(m)) {
    const within = insideOf(m).parts.map((part) => ({
      number: part.number,
      x: disc.x + part.x * disc.r,
      y: disc.y + part.y * disc.r,
      r: part.r * disc.r,
    }));
    const next = within.find(({ x, y, r }) => r >= least && Math.hypot(camera.x - x, camera.y - y) < r);
    if (!next) break;
    [m, disc] = [next.number, next];
  }
  return m;
}

let viewBefore = ROOT;
let arrival = 0;

/** Show the current view, which may have changed: move there. A flight begins before the module is placed. */
function followView() {
  if (!camera.width) return;
  const { module } = view;
  const hadFocus = canvas.contains(document.activeElement);
  const before = viewBefore;
  canvas.classList.toggle("zoomed-in", module !== ROOT);
  if (settled !== module) flyTo(viewOf(module));
  drawMap(0);
  clearTimeout(arrival);
  if (flight) arrival = setTimeout(() => arrive(before, hadFocus), 50);
  else arrive(before, hadFocus);
  settled = null;
  viewBefore = module;
}

/** Open the current module; take the focus along, to the module that was left or to the first part. */
function arrive(before, hadFocus) {
  const inside = insideOf(view.module);
  drawMap(0);
  const path = new Set(ancestorsOf(before));
  const left = inside.parts.findIndex((part) => part.kind === "module" && path.has(part.number));
  const next = inside.elements[Math.max(left, 0)];
  if (next) reachable(next);
  if (next && hadFocus) {
    next.focus({ preventScroll: true });
    drawMap(0);
  }
  find(".where").textContent = `${viewInWords()} ${limitsInWords(inside)}`;
  if (!flight) redraw();
}

/** Say what of the current module is not drawn. */
function limitsInWords({ parts, numFlows }) {
  const m = view.module;
  const number = isLeaf(m) ? size[m] : numChildren[m];
  const many = data.modules.linked[m];
  const what = isLeaf(m) ? "nodes" : "modules";
  const sentences = [];
  if (parts.length < number) sentences.push(`Of its ${count(number)} ${what}, ${count(parts.length)} are drawn.`);
  if (numFlows < many) {
    sentences.push(`Of ${count(many)} flows between ${what}, ${count(numFlows)} strong ones are drawn.`);
  }
  return sentences.join(" ");
}

/** Open a module and bring the map into sight, from elsewhere in the page. */
function showOnMap(m) {
  zoomTo({ module: m, from: 0 });
  find("#network").scrollIntoView({ block: "start" });
}

/** Open what was clicked, one level at a time; what is around the current module, at once. */
function openPart(part) {
  const m = part.kind === "node" ? part.module : part.number;
  const isAround = new Set([ROOT, ...ancestorsOf(view.module)]);
  zoomTo({ module: ancestorsOf(m).find((above) => !isAround.has(above)) ?? m, from: 0 });
}

// Mouse and fingers ------------------------------------------------------------------------------

const pointers = new Map();
let isDragged = false;

function placeOn(event) {
  const { left, top } = canvas.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

function onPointerDown(event) {
  if (event.button !== 0) return;
  if (pointers.size === 0) isDragged = false;
  pointers.set(event.pointerId, placeOn(event));
}

/** One pointer moves the map, two zoom it, too. */
function onPointerMove(event) {
  const before = pointers.get(event.pointerId);
  const here = placeOn(event);
  if (!before) return hover(event);
  const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
  if (!isDragged && !others.length && Math.hypot(here.x - before.x, here.y - before.y) < 4) return;
  if (!isDragged) hideTooltip();
  isDragged = true;
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, here);
  if (!others.length) return panBy(here.x - before.x, here.y - before.y);
  const [other] = others;
  const apart = (place) => Math.max(Math.hypot(place.x - other.x, place.y - other.y), 1);
  zoomBy(apart(here) / apart(before), (here.x + other.x) / 2, (here.y + other.y) / 2);
  panBy((here.x - before.x) / 2, (here.y - before.y) / 2);
}

function onPointerEnd(event) {
  pointers.delete(event.pointerId);
}

/** The wheel zooms; where it cannot zoom out further, the page scrolls. */
function onWheel(event) {
  const before = camera.scale;
  zoomBy(2 ** (-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), placeOn(event).x, placeOn(event).y);
  if (camera.scale !== before) event.preventDefault();
}

function hover(event) {
  const part = partAt.get(event.target);
  if (part) showTooltip(part.kind === "flow" ? describedFlow(part) : describedPart(part), event.clientX, event.clientY);
  else hideTooltip();
}

function onClick(event) {
  const part = partAt.get(event.target);
  if (isDragged || part?.kind === "flow") return;
  if (!part) return view.module !== ROOT && zoomTo({ module: ROOT, from: 0 });
  if (part.kind === "node" && part.module === view.module) hover(event);
  else openPart(part);
}

// Keys -------------------------------------------------------------------------------------------

/** The Tab key reaches only one part; arrow keys move on from there. */
function reachable(element) {
  canvas.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
  element.setAttribute("tabindex", "0");
}

/** Return the nearest part in a direction: what is aside counts twice as far. */
function partTowards(key, from) {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const { parts, elements } = insideOf(view.module);
  const far = (part) => {
    const [x, y] = [part.x - from.x, part.y - from.y];
    const along = x * dx + y * dy;
    return along > 1e-9 ? along + 2 * Math.abs(x * dy - y * dx) : Infinity;
  };
  const nearest = parts.reduce((best, part, i) => (far(part) < far(parts[best]) ? i : best), 0);
  return parts[nearest] && far(parts[nearest]) < Infinity ? elements[nearest] : null;
}

function onMapKey(event) {
  const part = partAt.get(event.target);
  if (!part || event.altKey || event.ctrlKey || event.metaKey) return;
  const above = viewAbove();
  if (event.key === "Enter" || event.key === " ") openPart(part);
  else if (event.key === "Escape" || event.key === "Backspace") above && zoomTo(above);
  else if (event.key === "+" || event.key === "=") zoomBy(1.5);
  else if (event.key === "-") zoomBy(1 / 1.5);
  else if (event.key.startsWith("Arrow")) {
    const next = partTowards(event.key, part);
    if (next) {
      reachable(next);
      next.focus({ preventScroll: true });
    }
  } else return;
  event.preventDefault();
}

// Start ------------------------------------------------------------------------------------------

function startMap() {
  canvas.append(ground, labels);
  find(".map").append(canvas);
  const on = (name, act, options) => canvas.addEventListener(name, act, options);
  on("pointerdown", onPointerDown);
  on("pointermove", onPointerMove);
  for (const end of ["pointerup", "pointercancel"]) on(end, onPointerEnd);
  on("pointerleave", hideTooltip);
  on("wheel", onWheel, { passive: false });
  on("click", onClick);
  on("keydown", onMapKey);
  const tell = (element) => showTooltipOfFocused(element, describedPart(partAt.get(element)));
  onFocus(find(".map"), ({ target }) => partAt.has(target) && tell(target));
  const buttons = [
    ["+", "Zoom in", () => zoomBy(1.6)],
    ["−", "Zoom out", () => zoomBy(1 / 1.6)],
    ["⤢", "Show all", showAll],
  ];
  find(".zoom").append(
    ...buttons.map(([text, name, onclick]) => make("button", { type: "button", "aria-label": name, onclick }, text)),
  );
  find("#network form").addEventListener("submit", (event) => event.preventDefault());
  new ResizeObserver(() => measureMap() && followView()).observe(find(".map"));
  measureMap();
  addEventListener("beforeprint", () => printable(true));
  addEventListener("afterprint", () => printable(false));
}

/** Show the whole network, also if it is the current view, but was moved. */
function showAll() {
  if (view.module === ROOT && view.from === 0) flyTo(viewOf(ROOT));
  else zoomTo({ module: ROOT, from: 0 });
}

/** Measure the room for the map; return whether it has changed. */
function measureMap() {
  const { clientWidth: width, clientHeight: height } = find(".map");
  if (width === camera.width && height === camera.height) return false;
  Object.assign(camera, { width, height });
  canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return true;
}

/** On paper the map shows all of the network. */
function printable(isPrinted) {
  stop();
  Object.assign(camera, viewOf(isPrinted ? ROOT : view.module));
  drawMap(Infinity);
}
