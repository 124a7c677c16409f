// What is drawn: the cards by their keys ("stage:12", "target:12:approve", "end") and the edges, as the server tells them
// in #graph. The shell of a card (place, order, name for readers) is ours, what is in it is the server's.

export const region = document.getElementById("canvas");
export const world = document.getElementById("world");
export const canEdit = region?.dataset.canEdit === "true";
export const nodes = new Map(); // key -> {key, kind, id, name, element, x, y, w, h, above}
export const held = new Set(); // keys that are in somebody's hand: the server's place does not pull them out of it
export let edges = [];
const late = new Set(); // keys that were in a hand when their place was told: they go there the next time
let told = null; // all that the server has said of the drawing, put together

const WIDTH = 248;
const TARGET = { w: 200, h: 64 };
const END = { w: 164, h: 36 };
const listeners = [];

/** Call `listener` whenever cards or edges may have changed, with {keys: of the cards that did, or null for all; moved:
 * whether a card stands elsewhere, is larger, new or gone, or an edge is another one}. */
export function onGraph(listener) {
  listeners.push(listener);
}

export const stages = () => [...nodes.values()].filter((node) => node.kind === "stage");
export const nodeOf = (element) => nodes.get(element?.closest?.(".node")?.dataset.key);
export const stageById = (id) => nodes.get(`stage:${id}`);
const read = () => JSON.parse(document.getElementById("graph").textContent);

// What the server says: all of the drawing, or the part of it that changed

const ownerOf = ({ from }) => Number(from.split(":")[1]); // an edge belongs to a stage, also where a target's leads on

function grouped(items, idOf) {
  const groups = new Map();
  for (const item of items) groups.set(idOf(item), [...(groups.get(idOf(item)) ?? []), item]);
  return groups;
}

/** Take what is new into what is known: of the stages in a part everything is new, of the others nothing. Says which cards
 * there is something new of, null for all. */
export function hear(data) {
  if (!data.part) {
    told = data;
    return null;
  }
  const fresh = new Map(data.stages.map((each) => [each.id, each]));
  const [targets, lines] = [grouped(data.targets, (each) => each.stage), grouped(data.edges, ownerOf)];
  const [oldTargets, oldLines] = [grouped(told.targets, (each) => each.stage), grouped(told.edges, ownerOf)];
  const known = new Map([...told.stages.map((each) => [each.id, each]), ...fresh]);
  const order = (data.order ?? told.stages.map((each) => each.id)).filter((id) => known.has(id));
  const of = (id, now, before) => (fresh.has(id) ? now : before).get(id) ?? [];
  told = {
    stages: order.map((id) => known.get(id)),
    targets: order.flatMap((id) => of(id, targets, oldTargets)),
    edges: order.flatMap((id) => of(id, lines, oldLines)),
    end: data.end,
  };
  return new Set([...data.stages, ...data.targets].map((each) => each.key));
}

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

const SHAPE = ["x", "y", "h", "above", "element"];

/** Put a card as it is told; says whether it is drawn otherwise than it was told before. */
function take(key, values) {
  const node = nodes.get(key) ?? { key };
  const before = node.told;
  const { x, y, ...rest } = values;
  Object.assign(node, rest, { told: values });
  nodes.set(key, node);
  if (node.element.dataset.key !== key) node.element.dataset.key = key;
  if (rest.says && node.element.getAttribute("aria-label") !== rest.says) node.element.setAttribute("aria-label", rest.says);
  if (held.has(key)) late.add(key);
  else {
    late.delete(key);
    put(node, x, y);
  }
  return !before || SHAPE.some((name) => before[name] !== values[name]);
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
  let moved = false;
  for (const [key, node] of nodes) {
    if (keys.has(key)) continue;
    moved = true;
    nodes.delete(key);
    held.delete(key);
    late.delete(key);
    if (node.kind === "end" || [...nodes.values()].some((other) => other.element === node.element)) continue;
    if (node.element.contains(document.activeElement)) region.focus({ preventScroll: true });
    node.element.remove();
  }
  for (const stray of document.querySelectorAll("#targets > .target")) if (!keys.has(stray.dataset.key)) stray.remove();
  return moved;
}

/** How a stage is read out: its number is its place. */
const spoken = (each, index) => each.says && `Stage ${index + 1}: ${each.says}`;

const isKnown = (keys, key) => keys && !keys.has(key) && !late.has(key);

function takeStages(keys) {
  let moved = false;
  for (const [index, each] of told.stages.entries()) {
    const node = nodes.get(each.key);
    const says = spoken(each, index);
    if (node && node.says === says && isKnown(keys, each.key)) continue;
    const element = document.getElementById(`node-${each.id}`);
    if (node?.h !== each.h) element.style.height = `${each.h}px`;
    moved = take(each.key, { ...each, says, kind: "stage", element, w: WIDTH }) || moved;
  }
  return moved;
}

function takeTargets(keys) {
  let moved = false;
  for (const each of told.targets) {
    if (nodes.has(each.key) && isKnown(keys, each.key)) continue;
    const element = document.getElementById(each.element);
    moved = take(each.key, { ...each, kind: "target", element, above: 0, ...TARGET }) || moved;
  }
  return moved;
}

function takeEdges() {
  const same = edges.length === told.edges.length && edges.every((edge, index) => isSame(edge, told.edges[index]));
  ({ edges } = told);
  for (const edge of edges) {
    const button = edge.button && document.getElementById(edge.button);
    if (button && button.title !== edge.says) button.title = edge.says;
  }
  return !same;
}

const EDGE = ["from", "to", "kind", "label", "button", "says"];
const isSame = (one, other) => one === other || EDGE.every((name) => one[name] === other[name]);

/** Show what the server has said: of the cards `keys`, or, without them, of all, also where the page was ahead of it. */
export function adopt(keys = null) {
  told ??= read();
  if (!keys) makeShells(told);
  let moved = takeStages(keys);
  moved = takeTargets(keys) || moved;
  const element = document.getElementById("end-mark");
  const end = { ...told.end, kind: "end", element, name: "End the workflow", above: 0, ...END };
  moved = take("end", end) || moved;
  const all = new Set(["end", ...told.stages.map((each) => each.key), ...told.targets.map((each) => each.key)]);
  moved = removeGone(all) || moved;
  order(document.getElementById("nodes"), told.stages.map((each) => nodes.get(each.key).element));
  moved = takeEdges() || moved;
  for (const listener of listeners) listener({ keys, moved: moved || !keys });
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
