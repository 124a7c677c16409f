// The keys of the canvas: alive while the canvas or a card has the focus, silent while somebody types.

import { copy, cut, duplicate, remove } from "./clipboard.js";
import { singleKeys } from "../keys.js";
import { cancelConnect, connecting, openConnect } from "./connect.js";
import { send } from "./commands.js";
import { canEdit, edges, nodeOf, nodes, put, region, stages } from "./graph.js";
import { redraw } from "./edges.js";
import { findAnything, findHere, assignAgents, showKeys } from "./finders.js";
import { onGrid, sendPlaces, tidyUp } from "./nodes.js";
import { pick } from "./picker.js";
import { goTo, here, select, selected } from "./selection.js";
import { fit, view, zoomTo } from "./viewport.js";

const STEP = 20;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const middle = (node) => ({ x: node.x + node.w / 2, y: node.y + node.h / 2 });

/** The nearest card in a direction: what lies straight ahead comes before what lies aside. */
function towards([dx, dy]) {
  const from = middle(here());
  let best = null;
  for (const node of nodes.values()) {
    if (node === here()) continue;
    const to = middle(node);
    const ahead = (to.x - from.x) * dx + (to.y - from.y) * dy;
    const aside = Math.abs((to.x - from.x) * dy) + Math.abs((to.y - from.y) * dx);
    if (ahead <= 8 || aside > ahead * 3) continue;
    const cost = ahead + aside * 2;
    if (!best || cost < best.cost) best = { node, cost };
  }
  return best?.node;
}

function byPosition(step) {
  const all = stages();
  const at = all.indexOf(here());
  return all[Math.max(0, Math.min(all.length - 1, at + step))];
}

function nudge([dx, dy]) {
  const moved = (selected().length ? selected() : [here()]).filter((node) => node.kind !== "end");
  for (const node of moved) put(node, onGrid(node.x + dx * STEP), onGrid(node.y + dy * STEP));
  redraw(new Set(moved.map((node) => node.key)));
  if (moved.length) sendPlaces(moved);
}

function reposition([dx, dy], chip) {
  const step = dx + dy;
  if (chip) {
    const chips = [...nodeOf(chip).element.querySelectorAll(".chip")];
    const to = chips.indexOf(chip) + step;
    if (to >= 0 && to < chips.length) send({ do: "move_assignment", assignment: Number(chip.dataset.assignment), to });
    return;
  }
  const to = stages().indexOf(here()) + step;
  if (here().kind === "stage" && to >= 0 && to < stages().length) send({ do: "move_stage", stage: here().id, to });
}

/** Along an edge; where there are several, a list asks. */
function along(side, other) {
  const ways = edges.filter((edge) => edge[side] === here().key && nodes.has(edge[other]));
  const found = ways.map((edge) => ({ name: nodes.get(edge[other]).name ?? nodes.get(edge[other]).says, more: edge.label, node: nodes.get(edge[other]) }));
  if (found.length < 2) return goTo(found[0]?.node);
  const title = side === "from" ? "Where to?" : "Where from?";
  return pick({ title, items: found, onPick: ({ node }) => goTo(node) });
}

function throughChips(event, chip) {
  const chips = [...nodeOf(chip).element.querySelectorAll(".chip, .hook-pill, .edge-label")];
  const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const next = chips[chips.indexOf(chip) + step];
  next?.focus({ preventScroll: true });
}

/** Into the parts of a card: its assignments, hooks and outcomes. */
const enter = () => here().element.querySelector(".chip, .hook-pill, .edge-label")?.focus({ preventScroll: true });

const addStage = () => send({ do: "add_stage", ...(here()?.kind === "stage" ? { after: here().id } : {}) });
const open = () => here().element.querySelector(".node-open")?.click();

const PLAIN = {
  n: () => goTo(byPosition(1)),
  p: () => goTo(byPosition(-1)),
  Home: () => goTo(stages()[0]),
  End: () => goTo(stages().at(-1)),
  Enter: open,
  " ": open,
  "]": enter,
  f: () => along("from", "to"),
  b: () => along("to", "from"),
  "+": () => zoomTo(view.k * 1.25),
  "=": () => zoomTo(view.k * 1.25),
  "-": () => zoomTo(view.k / 1.25),
  0: () => fit(),
  1: () => zoomTo(1),
  "?": showKeys,
};

const EDITING = {
  c: () => here()?.kind === "stage" && openConnect(here()),
  a: () => here()?.kind === "stage" && assignAgents(here()),
  s: addStage,
  t: tidyUp,
  Delete: remove,
  Backspace: remove,
};

const WITH_CONTROL = {
  a: () => select([...nodes.values()].filter((node) => node.kind !== "end")),
  c: copy,
  f: findHere,
};

const CONTROL_EDITING = {
  z: (event) => send({ do: event.shiftKey ? "redo" : "undo" }),
  y: () => send({ do: "redo" }),
  x: cut,
  d: duplicate,
};

const types = (element) => element?.matches?.("input, textarea, select, [contenteditable]");

function withControl(event) {
  const key = event.key.toLowerCase();
  const action = WITH_CONTROL[key] ?? (canEdit ? CONTROL_EDITING[key] : null);
  if (!action) return;
  if (key === "c" && !getSelection().isCollapsed) return; // somebody copies text
  event.preventDefault();
  action(event);
}

function escape(part) {
  if (connecting()) cancelConnect();
  else if (part) nodeOf(part).element.focus({ preventScroll: true });
  else select([]);
}

function pressed(event) {
  if (types(event.target) || event.target.closest(".canvas-tools")) return;
  const part = event.target.closest(".chip, .hook-pill, .edge-label");
  if (event.key === "Escape") {
    if (!document.querySelector("#drawer > .drawer")) escape(part);
    return;
  }
  if (event.ctrlKey || event.metaKey) return void withControl(event);
  const arrow = ARROWS[event.key];
  if (arrow) {
    event.preventDefault();
    if (event.altKey) return void (canEdit && reposition(arrow, event.target.closest(".chip")));
    if (event.shiftKey) return void (canEdit && nudge(arrow));
    return void (part ? throughChips(event, part) : goTo(region === document.activeElement ? here() : towards(arrow)));
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((key === "Enter" || key === " ") && event.target.closest("button")) return; // a button does what it is for
  const action = PLAIN[key] ?? (canEdit ? EDITING[key] : null);
  if (!action || event.altKey) return;
  if (key.length === 1 && key !== " " && !singleKeys()) return;
  event.preventDefault();
  action(event);
}

export function startKeyboard() {
  region.addEventListener("keydown", pressed);
  document.addEventListener("search:asked", (event) => {
    event.preventDefault(); // here the search is the canvas's own
    findAnything();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    // Undo works on the whole page, but never takes what belongs to a field.
    const elsewhere = !region.contains(event.target) && !types(event.target) && !event.target.closest?.("#drawer");
    if (elsewhere && canEdit && (key === "z" || key === "y")) {
      event.preventDefault();
      CONTROL_EDITING[key](event);
    }
  });
}
