// Which cards are selected, and which one is the current: the one stop of the Tab key.

import { light } from "./edges.js";
import { nodeOf, nodes, onGraph, region, stages } from "./graph.js";
import { reveal } from "./viewport.js";

const chosen = new Set(); // keys
let current = null; // key

export const selected = () => [...chosen].map((key) => nodes.get(key)).filter(Boolean);
export const isSelected = (node) => chosen.has(node.key);
export const selectedStages = () => selected().filter((node) => node.kind === "stage");
/** The card that keys speak to. */
export const here = () => nodes.get(current) ?? stages()[0];

function show() {
  for (const node of nodes.values()) node.element.toggleAttribute("data-selected", chosen.has(node.key));
  light(chosen);
}

export function select(these, { add = false } = {}) {
  if (!add) chosen.clear();
  for (const node of these) chosen.add(node.key);
  show();
}

export function toggle(node) {
  if (!chosen.delete(node.key)) chosen.add(node.key);
  show();
}

/** The card that Tab reaches. */
export function makeCurrent(node) {
  if (!node) return;
  current = node.key;
  for (const other of nodes.values()) other.element.tabIndex = other === node ? 0 : -1;
}

/** Go to a card: it is current, selected, focused and seen. */
export function goTo(node) {
  if (!node) return;
  makeCurrent(node);
  select([node]);
  node.element.focus({ preventScroll: true });
  reveal(node);
}

function tidySelection() {
  for (const key of chosen) if (!nodes.has(key)) chosen.delete(key);
  makeCurrent(here());
  show();
}

export function startSelection() {
  onGraph(({ moved }) => moved && tidySelection());
  region.addEventListener("focusin", (event) => {
    const node = nodeOf(event.target);
    if (!node) return;
    makeCurrent(node);
    // A closed drawer gives the focus back to the button in the card: the card itself is the stop.
    if (event.target.matches(".node-open")) node.element.focus({ preventScroll: true });
    if (event.target === node.element && event.target.matches(":focus-visible")) {
      if (!chosen.has(node.key)) select([node]);
      reveal(node);
    }
  });
}
