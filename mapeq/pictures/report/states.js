// States: a physical node is listed once in each finest module that has states of its own ----------
//
// A node of the page is then a physical node in a module. Its copies are the same physical node in all its modules.

const { states } = data; // undefined without states
const MOST_SHARES = 5; // of a node, in words
const copies = new Map(); // by physical node, by decreasing share

if (states) {
  states.physical.forEach((one, node) => {
    if (!copies.has(one)) copies.set(one, []);
    copies.get(one).push(node);
  });
  for (const [one, nodes] of copies) copies.set(one, nodes.sort((i, j) => states.share[j] - states.share[i]));
}

function copiesOf(node) {
  return states ? copies.get(states.physical[node]) : [node];
}

/** Return the copy that stands for all of a physical node: that with the largest share. */
function wholeOf(node) {
  return copiesOf(node)[0];
}

/** Return the part of a physical node that is in its module, such as "60%"; nothing if all of it is. */
function shareOf(node) {
  return copiesOf(node).length > 1 || states?.share[node] < 0.995 ? inPercent(states.share[node]) : "";
}

const inPercent = (share) => `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))}%`;

/** Say in which module a node is; of states, how it is divided between modules, and which states of it are there. */
function placeInWords(node) {
  const place = `in module ${pathOf(moduleOfNode[node])}`;
  if (!states) return [place];
  if (!shareOf(node)) return [place, ...namedStates(node)];
  const others = copiesOf(node).filter((copy) => copy !== node);
  const told = others.slice(0, MOST_SHARES);
  const shares = told.map((copy) => `${inPercent(states.share[copy])} in ${pathOf(moduleOfNode[copy])}`);
  const rest = 1 - sumOf([node, ...told], (copy) => states.share[copy]);
  if (rest > 0.005) shares.push(`${inPercent(rest)} in others`);
  return [`${place}: ${[`${shareOf(node)} of the node`, ...shares].join(", ")}`, ...namedStates(node)];
}

/** Name the layers or the states of a node in its module; nothing if it is its only state. */
function namedStates(node) {
  const names = states.named[node].map((i) => states.names[i]);
  const number = states.number[node];
  if (!states.layered && number === 1 && names[0] === String(label[node])) return [];
  const what = states.layered ? "layer" : "state";
  if (!names.length) return [counted(number, what)];
  const more = number > names.length ? ` and ${count(number - names.length)} more` : "";
  return [`${what}${number === 1 ? "" : "s"} ${names.map(isolated).join(", ")}${more}`];
}

/** Return sectors on the disc of a node for its shares in other modules, in their colours; the rest is its own. */
function sectorsOf({ x, y, r, kind, number, module }) {
  if (!states || kind !== "node") return [];
  const shares = new Map(); // by colour
  for (const copy of copiesOf(number)) {
    const colour = colourOf(moduleOfNode[copy]);
    if (colour !== colourOf(module)) shares.set(colour, (shares.get(colour) ?? 0) + states.share[copy]);
  }
  let end = 1; // the own share comes first, clockwise from the top
  const sectors = [...shares].reverse().map(([colour, share]) => {
    const element = draw("path", { d: sectorPath(x, y, r, end - Math.min(share, 0.999), end) }); // a whole turn would be none
    element.style.setProperty("--colour", colour);
    end -= share;
    return element;
  });
  return sectors.length ? [draw("g", { class: "sectors", "aria-hidden": "true" }, ...sectors)] : [];
}

/** Return a sector of a disc between two parts of a turn, from 0 to 1, clockwise from the top. */
function sectorPath(x, y, r, from, to) {
  const at = (turn) => `${x + r * Math.sin(2 * Math.PI * turn)} ${y - r * Math.cos(2 * Math.PI * turn)}`;
  return `M${x} ${y}L${at(from)}A${r} ${r} 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to)}Z`;
}
