// The graph of a run: the cards and edges of the canvas, read only. What the run does arrives in the cards by itself;
// here the ways that it took are lit, and mouse and keys move about.

import { redraw, startEdges } from "../canvas/edges.js";
import { adopt, edges, nodeOf, nodes, onGraph, region, stages } from "../canvas/graph.js";
import { startMinimap } from "../canvas/minimap.js";
import { follow, panning, startPointer } from "../canvas/pointer.js";
import { goTo, here, makeCurrent, select, startSelection } from "../canvas/selection.js";
import { fit, panBy, startViewport, view, zoomTo } from "../canvas/viewport.js";

const WIDE = matchMedia("(min-width: 720px)");
const EDGE = 12; // pixels around a gate
const FOOT = 68; // the tools at the foot
const NEWS = 20_000; // milliseconds
const READABLE = 0.55;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STAY = "a, button, input, textarea, select, .node-gates, .canvas-tools, .back-to-content, .minimap";
const holder = document.getElementById("taken-holder");

const idOf = (edge) => `${edge.from}>${edge.kind === "next" || edge.kind === "continue" ? edge.kind : edge.label}`;

/** The label of an edge; one that has none gets one when it was taken more than once. */
function labelOf(edge, count) {
  if (!edge.button && count > 1) {
    edge.button = `taken-${edge.from.replaceAll(/\W/g, "-")}-${edge.kind}`;
    const item = document.createElement("li");
    item.innerHTML = '<span class="edge-label"><span class="count alone"></span></span>';
    item.firstElementChild.id = edge.button;
    nodes.get(edge.from)?.element.querySelector(".edge-labels")?.append(item);
  }
  return edge.button && document.getElementById(edge.button);
}

function light() {
  const taken = JSON.parse(document.getElementById("taken").textContent);
  let grew = false;
  for (const edge of edges) {
    const count = taken[idOf(edge)] ?? 0;
    const label = labelOf(edge, count);
    if (!label) continue;
    const text = count ? `${count}×` : "";
    const number = label.querySelector(".count");
    grew ||= number.textContent !== text;
    number.textContent = text;
    label.title = count ? `taken ${count}×` : (edge.says ?? "");
    label.toggleAttribute("data-taken", count > 0);
  }
  if (grew) redraw();
  for (const group of document.querySelectorAll("#edges > g")) group.toggleAttribute("data-taken", taken[group.dataset.id] > 0);
}

// Hands and keys

function press(event) {
  if (event.target.closest(STAY)) return;
  const node = nodeOf(event.target);
  const click = () => {
    select(node ? [node] : []);
    if (!node) return region.focus({ preventScroll: true });
    makeCurrent(node);
    node.element.focus({ preventScroll: true });
    open(node);
  };
  follow(event, { ...panning(event), click });
}

const open = (node) => node.element.querySelector(".node-open")?.click();
const middle = (node) => ({ x: node.x + node.w / 2, y: node.y + node.h / 2 });

function towards([dx, dy]) {
  const from = middle(here());
  let best = null;
  for (const node of nodes.values()) {
    const to = middle(node);
    const ahead = (to.x - from.x) * dx + (to.y - from.y) * dy;
    const aside = Math.abs((to.x - from.x) * dy) + Math.abs((to.y - from.y) * dx);
    if (node === here() || ahead <= 8 || aside > ahead * 3) continue;
    if (!best || ahead + aside * 2 < best.cost) best = { node, cost: ahead + aside * 2 };
  }
  return best?.node;
}

function beside(step) {
  const all = stages();
  return all[Math.max(0, Math.min(all.length - 1, all.indexOf(here()) + step))];
}

function actionOf(event) {
  const { key } = event;
  if (key in ARROWS) return () => goTo(towards(ARROWS[key]));
  return {
    n: () => goTo(beside(1)),
    p: () => goTo(beside(-1)),
    Home: () => goTo(stages()[0]),
    End: () => goTo(stages().at(-1)),
    Enter: () => open(here()),
    " ": () => open(here()),
    "+": () => zoomTo(view.k * 1.25),
    "-": () => zoomTo(view.k / 1.25),
    0: () => fit(),
    1: () => zoomTo(1),
  }[key];
}

function pressedKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // Keys are the card's or the canvas's own, not those of what is in it.
  if (event.target !== region && !event.target.matches(".node")) return;
  const action = actionOf(event);
  if (!action) return;
  event.preventDefault();
  action();
}

// What somebody has opened stays open when the server sends it anew.
const toggled = new Map();

function keepDetails() {
  document.addEventListener(
    "toggle",
    (event) => event.target.matches?.(".branch > details") && toggled.set(event.target.id, event.target.open),
    true,
  );
  new MutationObserver(() => {
    for (const [id, isOpen] of toggled) {
      const details = document.getElementById(id);
      if (details && details.open !== isOpen) details.open = isOpen;
    }
  }).observe(document.getElementById("tree"), { attributes: true, attributeFilter: ["open"], subtree: true });
}

/** An answer is news for a moment; then the drawing is free again. */
function forgetAnswers() {
  const seen = new WeakSet();
  setInterval(() => {
    for (const gate of document.querySelectorAll(".node-gates .gate:not([data-state=open])")) {
      if (seen.has(gate)) gate.remove();
      else seen.add(gate);
    }
  }, NEWS);
}

/** Whoever has answered goes on from the stage: the form that had the focus is gone. */
function leadBack() {
  let stage = null;
  document.addEventListener("submit", (event) => (stage = event.target.closest(".node-gates")?.closest("li") ?? stage));
  document.addEventListener("htmx:after:settle", () => {
    if (!stage || document.activeElement !== document.body) return;
    stage.focus({ preventScroll: true });
    stage = null;
  });
}

// Whoever has not moved the drawing sees what matters: all of it when its room changes, and a gate when it opens.
let untouched = { ...view };
const isUntouched = () => ["x", "y", "k"].every((each) => view[each] === untouched[each]);

function keepFitting() {
  untouched = { ...view };
  let isFirst = true; // told once at the start, when the view has just been set
  new ResizeObserver(() => {
    if (!WIDE.matches || !isUntouched()) return;
    if (!isFirst) fit(READABLE);
    isFirst = false;
    untouched = { ...view };
    showOpenGate();
  }).observe(region);
}

/** Bring a gate, which hangs below its stage, into the part that is seen. */
function showGate(gate) {
  const [box, around] = [gate.getBoundingClientRect(), region.getBoundingClientRect()];
  const shift = (low, high, from, to) => (low < from ? from - low : high > to ? Math.max(to - high, from - low) : 0);
  const dx = shift(box.left, box.right, around.left + EDGE, around.right - EDGE);
  const dy = shift(box.top, box.bottom, around.top + EDGE, around.bottom - FOOT);
  if (dx || dy) panBy(dx, dy);
}

function showOpenGate() {
  const gate = isUntouched() && document.querySelector(".node-gates .gate[data-state=open]");
  if (!gate) return;
  showGate(gate);
  untouched = { ...view };
}

/** A gate that a link or the banner leads to is shown, whatever part of the drawing is seen. */
function goToGate() {
  const gate = location.hash.startsWith("#gate-") && document.getElementById(location.hash.slice(1));
  if (!gate) return;
  const node = nodeOf(gate);
  if (WIDE.matches && node) {
    goTo(node);
    showGate(gate);
  }
  gate.querySelector("textarea, button, a")?.focus({ preventScroll: WIDE.matches });
}

function start() {
  startEdges();
  startSelection();
  onGraph(light);
  adopt();
  startViewport();
  keepFitting();
  startMinimap();
  startPointer(press);
  region.addEventListener("keydown", pressedKey);
  new MutationObserver(() => {
    light();
    showOpenGate();
  }).observe(holder, { childList: true });
  region.addEventListener("focusin", (event) => {
    const gate = event.target.closest(".node-gates .gate");
    // Not under a pressed pointer: its click would miss.
    if (gate && event.target.matches(":focus-visible")) showGate(gate);
  });
  document.documentElement.classList.add("canvas-ready");
}

if (WIDE.matches) start();
else WIDE.addEventListener("change", start, { once: true });
keepDetails();
forgetAnswers();
leadBack();
addEventListener("hashchange", goToGate);
goToGate();
