// Outcomes, drawn: from a port to a card, by dragging or by two clicks; and the end of an edge, taken elsewhere.
// Dropped on empty ground, a menu asks what should be there.

import { say, send } from "./commands.js";
import { edgeOf, preview } from "./edges.js";
import { nodeAt, nodes, region, stageById, stages } from "./graph.js";
import { pick } from "./picker.js";
import { follow, swallowClick } from "./pointer.js";
import { onGrid } from "./nodes.js";
import { onView, toWorld } from "./viewport.js";

const menu = document.getElementById("drop-menu");
const SLACK = 12;

const slot = document.getElementById("dialog");
let asker = null; // the stage whose outcome the dialog is about: it gets the focus back
let armed = null; // a connection that waits for its second click
let asked = null; // what the menu is about: {link, point}

/** What is being led somewhere: a new outcome of `stage`, an outcome's route, or where a target's workflow continues. */
const fromPort = (stage) => ({ from: stage, start: { x: stage.x + stage.w, y: stage.y + 30 } });

function fromEdge(edge) {
  const source = nodes.get(edge.from);
  const start = { x: source.x + source.w, y: source.y + Math.min(30, source.h / 2) };
  if (edge.kind === "next") return fromPort(source);
  if (edge.kind === "continue") return { from: stageById(source.stage), target: source, start };
  return { from: source, label: edge.label, start };
}

function lead(link, route) {
  const stage = link.from.id;
  if (link.target) {
    // Only where it goes on afterwards: what else the call says stays.
    if (!route.stage) return null;
    return send({ do: "reroute", stage, label: link.target.label, route: { ...link.target.route, continue_at: route.stage } });
  }
  if (link.label !== undefined) return send({ do: "reroute", stage, label: link.label, route });
  return send({ do: "add_outcome", stage, route });
}

const routeTo = (node) => {
  if (node.kind === "stage") return { stage: node.name };
  if (node.kind === "end") return { stage: "end" };
  return { workflow: node.route.workflow, input: "", continue_at: "end" };
};

function highlight(node) {
  for (const other of nodes.values()) other.element.toggleAttribute("data-drop", other === node);
}

function draw(link, point) {
  const at = toWorld(point);
  preview([link.start, at]);
  highlight(nodeAt(at, SLACK));
}

function finish() {
  preview(null);
  highlight(null);
  armed = null;
  delete region.dataset.connecting;
}

function land(link, point) {
  const node = nodeAt(toWorld(point), SLACK);
  finish();
  if (node) lead(link, routeTo(node));
  else ask(link, point);
}

function drag(event, link, click) {
  follow(event, {
    begin: () => (region.dataset.busy = "connect"),
    move: (point) => draw(link, point),
    end: (up) => land(link, { x: up.clientX, y: up.clientY }),
    cancel: finish,
    click,
  });
}

/** The first of two clicks. */
function arm(link) {
  armed = link;
  region.dataset.connecting = "true";
  say(`Where does the outcome of ${link.from.name} lead? Click a stage, or press Escape.`);
}

// The menu of empty ground

function ask(link, point) {
  asked = { link, point };
  menu.style.left = `${Math.min(point.x, innerWidth - 220)}px`;
  menu.style.top = `${Math.min(point.y, innerHeight - 190)}px`;
  // Not at once: the pointer that goes up now would close it again.
  setTimeout(() => {
    menu.showPopover();
    menu.querySelector("button").focus();
  });
}

async function toNewStage({ link, point }) {
  const at = toWorld(point);
  const before = new Set(stages().map((stage) => stage.id));
  if (!(await send({ do: "add_stage", after: link.from.id, x: onGrid(at.x), y: onGrid(at.y - 30) }))) return;
  const made = stages().find((stage) => !before.has(stage.id));
  if (made) await lead(link, { stage: made.name });
}

function toStage({ link }) {
  const items = [...stages(), nodes.get("end")].map((node) => ({ name: node.name, kind: "Stage", node }));
  pick({ title: "Which stage does the outcome lead to?", items, onPick: ({ node }) => lead(link, routeTo(node)) });
}

/** The fields of outcome routing, in a dialog; a new outcome is offered as one that leads to a workflow. */
export function openConnect(stage, { goesTo = "next", workflow = "" } = {}) {
  const query = new URLSearchParams({ stage: stage.id, "row-0-goes_to": goesTo, "row-0-workflow": workflow });
  asker = stage;
  htmx.ajax("GET", `${region.dataset.connect}?${query}`, { source: slot, target: "#dialog" });
}

function toWorkflow({ link }) {
  if (link.label === undefined && !link.target) return openConnect(link.from, { goesTo: "workflow" });
  const items = [...document.querySelectorAll('#palette [data-drag="workflow"]')].map((item) => ({ name: item.dataset.name, kind: "Workflow" }));
  const route = ({ name }) => ({ workflow: name, input: "", continue_at: "end" });
  return pick({ title: "Which workflow does the outcome lead to?", items, onPick: (item) => lead(link, route(item)) });
}

const toEnd = ({ link }) => lead(link, { stage: "end" });

const ANSWERS = { new: toNewStage, stage: toStage, workflow: toWorkflow, end: toEnd };

/** Whether this press begins or ends a connection. */
export function pressConnect(event) {
  if (armed) {
    event.preventDefault();
    const link = armed;
    const end = (up) => land(link, { x: up.clientX, y: up.clientY });
    follow(event, {
      end,
      click: (up) => {
        swallowClick();
        end(up);
      },
    });
    return true;
  }
  const port = event.target.closest(".port");
  const handle = event.target.closest(".edge-end");
  const edge = handle && edgeOf(handle);
  if (port) {
    const link = fromPort(stageById(Number(port.dataset.port)));
    drag(event, link, () => arm(link));
    return true;
  }
  if (edge) drag(event, fromEdge(edge));
  return Boolean(edge);
}

export const connecting = () => Boolean(armed);
export const cancelConnect = finish;

export function startConnect() {
  window.addEventListener("pointermove", (event) => {
    if (armed) draw(armed, { x: event.clientX, y: event.clientY });
  });
  // A port that the keyboard presses.
  region.addEventListener("click", (event) => {
    const port = event.target.closest(".port");
    if (port && event.detail === 0) openConnect(stageById(Number(port.dataset.port)));
  });
  // The dialog with the fields is sent as a drawer is.
  slot.addEventListener("keydown", (event) => {
    const form = event.target.closest("form");
    if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!event.repeat) form.requestSubmit();
  });
  new MutationObserver(() => {
    if (slot.childElementCount || !asker) return;
    if (document.activeElement === document.body) asker.element.focus({ preventScroll: true });
    asker = null;
  }).observe(slot, { childList: true });
  menu.addEventListener("click", (event) => {
    const leads = event.target.closest("[data-leads]")?.dataset.leads;
    if (!leads) return;
    menu.hidePopover();
    ANSWERS[leads](asked);
  });
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  });
  onView(() => menu.matches(":popover-open") && menu.hidePopover());
}
