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
  return topNodesOf(m).map((node) => isolated(nameOf(node)));
}

/** Return as many names as fit on a line, and their number; if none fits, a part of the first. */
function fitting(names, room, isBold = false, end = ", …") {
  const comma = widthOf(", ", isBold);
  let number = 0;
  for (let taken = 0; number < names.length; number += 1) {
    taken += widthOf(names[number], isBold) + (number ? comma : 0);
    if (taken + (number === names.length - 1 ? 0 : widthOf(end, isBold)) > room) break;
  }
  if (number > 0 || !names.length) {
    return { text: names.slice(0, number).join(", ") + (number < names.length ? end : ""), number };
  }
  const letters = Array.from(names[0]).slice(0, Math.max(Math.floor(room / 3), 3));
  while (letters.length > 2 && widthOf(`${letters.join("")}…`, isBold) > room) letters.pop();
  return { text: letters.length > 2 ? `${letters.join("")}…` : "", number: 0 };
}

const pencil = document.createElement("canvas").getContext("2d");
const fontFamily = getComputedStyle(document.body).fontFamily;
const fonts = [400, 600].map((weight) => `${weight} 13px ${fontFamily}`);
const widths = [new Map(), new Map()]; // of texts, plain and bold

function widthOf(text, isBold = false) {
  const known = widths[Number(isBold)];
  if (!known.has(text)) {
    pencil.font = fonts[Number(isBold)];
    known.set(text, pencil.measureText(text).width);
  }
  return known.get(text);
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
