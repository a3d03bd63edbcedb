// The data: modules and nodes as flat arrays -----------------------------------------------------
//
// Module 0 is the root. Modules are numbered level by level, siblings consecutively and by decreasing flow; nodes
// likewise, module by module. The children of a module and its nodes are therefore ranges of numbers. The parts of a
// module are its children or its nodes. For states, see states.js.

const ROOT = 0;
const data = JSON.parse(await unpacked(document.getElementById("data").textContent));
const { parent, size, members = size, flow, enter, exit, codelength, listed } = data.modules;
const { label, flow: nodeFlow } = data.nodes;
const numModules = parent.length;
const range = (first, last) => Array.from({ length: last - first }, (_, i) => first + i);
const sumOf = (parts, value) => parts.reduce((sum, part) => sum + value(part), 0);
const allModules = range(1, numModules);

const numChildren = new Array(numModules).fill(0);
for (const m of allModules) numChildren[parent[m]] += 1;
const firstChild = starts(numChildren, 1);
const firstNode = starts(listed, 0);
const firstFlow = starts(data.modules.drawn, 0);
const isLeaf = (m) => numChildren[m] === 0;

const depth = [0];
for (const m of allModules) depth[m] = depth[parent[m]] + 1;

const moduleOfNode = new Array(label.length);
for (const m of range(0, numModules)) moduleOfNode.fill(m, firstNode[m], firstNode[m + 1]);

// Children come after their parents, so that a backward pass sees all children of a module before the module.
const levelsBelow = new Array(numModules).fill(1);
const subtree = new Array(numModules).fill(1);
for (const m of [...allModules].reverse()) {
  const above = parent[m];
  levelsBelow[above] = Math.max(levelsBelow[above], levelsBelow[m] + 1);
  subtree[above] += subtree[m];
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

/** Decompress text: zlib's format in base64. */
async function unpacked(text) {
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

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

/** Return the number of parts of a module in the page, and the number of the first, a module or a node. */
function partRange(m) {
  return isLeaf(m) ? { first: firstNode[m], number: listed[m] } : { first: firstChild[m], number: numChildren[m] };
}

/** Return the flows between the parts of a module, strongest first; the ends are ranks of parts, from 0. */
function flowsIn(m) {
  const { source, target, flow: amount } = data.flows;
  return range(firstFlow[m], firstFlow[m + 1]).map((i) => ({ source: source[i], target: target[i], flow: amount[i] }));
}

function nodesBelow(m) {
  return isLeaf(m) ? nodesOf(m) : childrenOf(m).flatMap(nodesBelow);
}

const topNodes = new Map(); // by module

/** Return the most visited nodes of a module at any depth, at most eight. */
function topNodesOf(m) {
  if (!topNodes.has(m)) topNodes.set(m, mostVisited(m));
  return topNodes.get(m);
}

function mostVisited(m) {
  if (isLeaf(m)) return range(firstNode[m], firstNode[m] + Math.min(listed[m], 8));
  if (!states) {
    const found = childrenOf(m).flatMap(topNodesOf);
    return found.sort((i, j) => nodeFlow[j] - nodeFlow[i]).slice(0, 8);
  }
  const visits = new Map(); // of all copies in the module together
  for (const node of nodesBelow(m)) visits.set(wholeOf(node), (visits.get(wholeOf(node)) ?? 0) + nodeFlow[node]);
  const found = [...visits].sort(([, one], [, other]) => other - one);
  return found.slice(0, 8).map(([node]) => node);
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
