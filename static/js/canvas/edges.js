// The edges: one SVG below the cards, read by nobody aloud; their labels are buttons of the server, put here into place.

import { canEdit, edges, nodes, onGraph, whole } from "./graph.js";
import { boxAt, spotFor } from "./labels.js";
import { Lanes, inLanes, path, route } from "./routes.js";

const SPACE = "http://www.w3.org/2000/svg";
const ARROW = { long: 9, half: 5 };
const HANDLE = 11; // what is taken hold of lies before the card, not under it
const BESIDE = 27; // from one edge to the next one: a label is 24 high
const LABEL = { w: 120, h: 24 };
const NEVER = "never taken";

const layer = document.getElementById("edges");
const drawn = new Map(); // id -> {edge, group, line, arrow, handle, points, spot}
const lanes = new Lanes();
const sizes = new WeakMap(); // label button -> {text, w, h}

let never = null; // says of an edge whether no run has ever taken it; null while nobody asks

const idOf = (edge) => `${edge.from}>${edge.kind === "next" || edge.kind === "continue" ? edge.kind : edge.label}`;

function part(kind, className, parent) {
  const made = document.createElementNS(SPACE, kind);
  made.setAttribute("class", className);
  return parent.appendChild(made);
}

function make(edge) {
  const group = part("g", `edge ${edge.kind}`, layer);
  const item = { edge, group, line: part("path", "line", group), arrow: part("path", "arrow", group) };
  if (canEdit) {
    item.handle = part("circle", "edge-end", group);
    item.handle.setAttribute("r", 11);
  }
  return item;
}

/** The point so many pixels before the end of a line. */
function before([start, tip], distance) {
  const size = Math.hypot(tip.x - start.x, tip.y - start.y) || 1;
  return { x: tip.x - ((tip.x - start.x) / size) * distance, y: tip.y - ((tip.y - start.y) / size) * distance };
}

function arrowAt([start, tip]) {
  const base = before([start, tip], ARROW.long);
  const [px, py] = [((tip.y - base.y) / ARROW.long) * ARROW.half, ((base.x - tip.x) / ARROW.long) * ARROW.half];
  return `M${tip.x} ${tip.y}L${base.x + px} ${base.y + py}L${base.x - px} ${base.y - py}Z`;
}

/** From a target with an end of its own, straight to it. */
function besideMark(from) {
  const y = from.y + from.h / 2;
  return [{ x: from.x + from.w, y }, { x: from.x + from.w + 32, y }];
}

/** Edges from one card to the same other one run side by side: how far from the middle this one runs. */
function spread(edge) {
  const beside = edges.filter((other) => other.from === edge.from && other.to === edge.to);
  return (beside.indexOf(edge) - (beside.length - 1) / 2) * Math.min(BESIDE, 48 / beside.length);
}

function lay(item, boxes) {
  const { edge, group } = item;
  const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
  const id = idOf(edge);
  group.dataset.id = id;
  item.points =
    edge.kind === "continue" && edge.to === "end"
      ? besideMark(from)
      : inLanes(route(edge.kind, from, to, boxes, spread(edge)), lanes, id);
}

function paint({ edge, line, arrow, handle, points, group }) {
  group.setAttribute("class", `edge ${edge.kind}`);
  line.setAttribute("d", path(points));
  arrow.setAttribute("d", arrowAt(points.slice(-2)));
  const grip = before(points.slice(-2), HANDLE);
  handle?.setAttribute("cx", grip.x);
  handle?.setAttribute("cy", grip.y);
}

// Labels

/** A route that no run has taken says so on its label. */
function markNever(item, button) {
  const is = Boolean(item.edge.label) && Boolean(never?.(item.edge));
  item.group.toggleAttribute("data-never", is);
  if (!button || is === "never" in button.dataset) return;
  if (is) {
    button.dataset.never = NEVER;
    button.setAttribute("aria-description", `${NEVER} by a run`);
  } else {
    delete button.dataset.never;
    button.removeAttribute("aria-description");
  }
}

function sizeOf(button) {
  const text = button.textContent + (button.dataset.never ?? "");
  const known = sizes.get(button);
  if (known?.text === text) return known;
  const size = { text, w: button.offsetWidth || LABEL.w, h: button.offsetHeight || LABEL.h };
  if (button.offsetWidth) sizes.set(button, size);
  return size;
}

function moveLabel(item, button) {
  const home = nodes.get(item.edge.from);
  button.style.transform = `translate(${item.spot.x - home.x}px, ${item.spot.y - home.y}px) translate(-50%, -50%)`;
}

/** The ends that stand beside targets. */
function marks() {
  const ended = edges.filter((edge) => edge.kind === "continue" && edge.to === "end").map((edge) => nodes.get(edge.from));
  return ended.filter(Boolean).map(({ x, y, w }) => ({ left: x + w, right: x + w + 190, top: y + 15, bottom: y + 47 }));
}

function putLabels(items, others) {
  const taken = [...nodes.values()].map(whole).concat(marks());
  for (const item of others) if (item.box) taken.push(item.box);
  const found = items
    .map((item) => [item, item.edge.button && document.getElementById(item.edge.button)])
    .filter(([item, button]) => (markNever(item, button), button));
  for (const [item, button] of found) {
    const size = sizeOf(button);
    item.spot = spotFor(item.points, size, taken);
    item.box = boxAt(item.spot, size);
    taken.push(item.box);
  }
  for (const [item, button] of found) moveLabel(item, button);
}

// Drawing

/** Draw the edges of these cards anew; without an argument, all. */
export function redraw(keys = null) {
  const boxes = [...nodes.values()];
  const known = edges.filter((edge) => nodes.has(edge.from) && nodes.has(edge.to));
  const wanted = new Map(known.map((edge) => [idOf(edge), edge]));
  for (const [id, item] of drawn) {
    if (wanted.has(id)) continue;
    item.group.remove();
    drawn.delete(id);
  }
  const touched = (edge) => !keys || keys.has(edge.from) || keys.has(edge.to) || !drawn.has(idOf(edge));
  const mine = [...wanted].filter(([, edge]) => touched(edge)).map(([id]) => id);
  lanes.free(new Set(mine));
  const items = mine.map((id) => {
    const item = drawn.get(id) ?? make(wanted.get(id));
    item.edge = wanted.get(id);
    drawn.set(id, item);
    lay(item, boxes);
    return item;
  });
  for (const item of items) paint(item);
  const chosen = new Set(items);
  putLabels(items, [...drawn.values()].filter((item) => !chosen.has(item)));
}

/** Make what leaves and enters these cards stand out. */
export function light(keys) {
  for (const { edge, group } of drawn.values()) group.toggleAttribute("data-lit", keys.has(edge.from) || keys.has(edge.to));
}

/** Mark the edges of which `says` is true; null marks none. */
export function showNever(says) {
  never = says;
  redraw();
}

/** The edge that a handle belongs to. */
export const edgeOf = (element) => drawn.get(element.closest("g")?.dataset.id)?.edge;

/** A line that follows the pointer while something is being connected. */
export function preview(points) {
  const line = layer.querySelector(":scope > .preview") ?? part("path", "preview", layer);
  if (points) line.setAttribute("d", path(points, 0));
  else line.remove();
}

export function startEdges() {
  // Where nothing moved, the labels of cards that came anew have lost their places; the other edges lie as they lay.
  onGraph(({ keys, moved }) => redraw(moved ? null : keys));
  document.fonts?.ready.then(() => redraw());
  document.getElementById("nodes").addEventListener("pointerover", (event) => {
    const button = event.target.closest(".edge-label");
    for (const { edge, group } of drawn.values()) group.toggleAttribute("data-hover", Boolean(button) && edge.button === button.id);
  });
}
