// What is drawn: the cards by their keys ("stage:12", "target:12:approve", "end") and the edges, as the server tells them
// in #graph. The shell of a card (place, order, name for readers) is ours, what is in it is the server's.

export const region = document.getElementById("canvas");
export const world = document.getElementById("world");
export const canEdit = region?.dataset.canEdit === "true";
export const nodes = new Map(); // key -> {key, kind, id, name, element, x, y, w, h, above}
export const held = new Set(); // keys that are in somebody's hand: the server's place does not pull them out of it
export let edges = [];

const WIDTH = 248;
const TARGET = { w: 200, h: 64 };
const END = { w: 164, h: 36 };
const listeners = [];

/** Call `listener` whenever cards or edges may have changed. */
export function onGraph(listener) {
  listeners.push(listener);
}

export const stages = () => [...nodes.values()].filter((node) => node.kind === "stage");
export const nodeOf = (element) => nodes.get(element?.closest?.(".node")?.dataset.key);
export const stageById = (id) => nodes.get(`stage:${id}`);
export const read = () => JSON.parse(document.getElementById("graph").textContent);

/** Put a card where it is now. */
export function put(node, x, y) {
  node.x = x;
  node.y = y;
  node.element.style.transform = `translate(${x}px, ${y}px)`;
}

function shell(list, { id, className, key, inside }) {
  const made = document.createElement("li");
  made.id = id;
  made.className = className;
  made.dataset.key = key;
  made.tabIndex = -1;
  for (const [kind, partId] of inside) made.appendChild(document.createElement(kind)).id = partId;
  list.append(made);
  return made;
}

/** Make the shells that `data` has and the page lacks, so that their cards have a place to land. */
export function makeShells(data) {
  for (const { id, key } of data.stages) {
    if (document.getElementById(`node-${id}`)) continue;
    const inside = [["div", `card-${id}`], ["ul", `outcomes-${id}`]];
    shell(document.getElementById("nodes"), { id: `node-${id}`, className: "node", key, inside });
  }
  for (const { element, key } of data.targets) {
    if (document.getElementById(element)) continue;
    const inside = [["div", `card-${element}`]];
    shell(document.getElementById("targets"), { id: element, className: "node target", key, inside });
  }
}

function take(key, values) {
  const node = nodes.get(key) ?? { key };
  const { x, y, ...rest } = values;
  Object.assign(node, rest);
  nodes.set(key, node);
  if (node.element.dataset.key !== key) node.element.dataset.key = key;
  if (rest.says && node.element.getAttribute("aria-label") !== rest.says) node.element.setAttribute("aria-label", rest.says);
  if (!held.has(key)) put(node, x, y);
}

/** The order of reading is the order of the stages. A card that is moved keeps the focus. */
function order(list, elements) {
  const active = document.activeElement;
  let at = list.firstElementChild;
  for (const element of elements) {
    if (element === at) at = at.nextElementSibling;
    else list.insertBefore(element, at);
  }
  if (active?.isConnected && active !== document.activeElement) active.focus({ preventScroll: true });
}

function removeGone(keys) {
  for (const [key, node] of nodes) {
    if (keys.has(key)) continue;
    nodes.delete(key);
    held.delete(key);
    if (node.kind === "end" || [...nodes.values()].some((other) => other.element === node.element)) continue;
    if (node.element.contains(document.activeElement)) region.focus({ preventScroll: true });
    node.element.remove();
  }
}

/** Take over what the server says. */
export function adopt(data = read()) {
  makeShells(data);
  const keys = new Set(["end", ...data.stages.map((each) => each.key), ...data.targets.map((each) => each.key)]);
  for (const each of data.stages) {
    const element = document.getElementById(`node-${each.id}`);
    element.style.height = `${each.h}px`;
    take(each.key, { ...each, kind: "stage", element, w: WIDTH });
  }
  for (const each of data.targets) {
    const element = document.getElementById(each.element);
    take(each.key, { ...each, kind: "target", element, above: 0, ...TARGET });
  }
  const element = document.getElementById("end-mark");
  take("end", { ...data.end, kind: "end", element, name: "End the workflow", above: 0, ...END });
  removeGone(keys);
  for (const stray of document.querySelectorAll("#targets > .target")) if (!keys.has(stray.dataset.key)) stray.remove();
  order(document.getElementById("nodes"), data.stages.map((each) => nodes.get(each.key).element));
  ({ edges } = data);
  for (const edge of edges) {
    const button = edge.button && document.getElementById(edge.button);
    if (button && button.title !== edge.says) button.title = edge.says;
  }
  for (const listener of listeners) listener();
}

/** The box of a card with the chips above it. */
export const whole = ({ x, y, w, h, above }) => ({ left: x, top: y - above, right: x + w, bottom: y + h });

/** The card at a point of the drawing; `slack` pixels beside it count too. */
export function nodeAt({ x, y }, slack = 0) {
  let found = null;
  for (const node of nodes.values()) {
    const box = whole(node);
    if (x > box.left - slack && x < box.right + slack && y > box.top - slack && y < box.bottom + slack) found = node;
  }
  return found;
}
