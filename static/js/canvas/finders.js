// What the picking dialog is used for: find anything, find a card, assign agents; and the list of keys.

import { openConnect } from "./connect.js";
import { send } from "./commands.js";
import { openSearch } from "../search.js";
import { canEdit, nodes, region, stages } from "./graph.js";
import { itemsOf } from "./palette.js";
import { pick } from "./picker.js";
import { goTo, here } from "./selection.js";
import { fit, reveal, zoomTo } from "./viewport.js";

const keys = document.getElementById("keys-dialog");

function cards() {
  return [...nodes.values()].map((node) => ({
    name: node.kind === "target" ? node.route.workflow : node.name,
    kind: { stage: "Stage", target: "Workflow target", end: "" }[node.kind],
    node,
  }));
}

function actions() {
  const always = [
    { name: "Fit: show everything", run: () => fit() },
    { name: "Zoom to 100 %", run: () => zoomTo(1) },
    { name: "Routes never taken: show or hide", run: () => document.getElementById("never-taken").click() },
    { name: "Search all projects", run: openSearch },
    { name: "Keyboard shortcuts", run: showKeys },
    { name: "Run", run: () => document.getElementById("run-button")?.click() },
    { name: "Workflow settings", run: () => document.getElementById("settings-button")?.click() },
  ];
  const editing = [
    { name: "Add a stage", run: () => send({ do: "add_stage", ...(here()?.kind === "stage" ? { after: here().id } : {}) }) },
    { name: "Assign an agent", run: () => here()?.kind === "stage" && assignAgents(here()) },
    { name: "Connect an outcome", run: () => here()?.kind === "stage" && openConnect(here()) },
    { name: "Tidy up", run: () => send({ do: "tidy" }) },
    { name: "Undo", run: () => send({ do: "undo" }) },
    { name: "Redo", run: () => send({ do: "redo" }) },
  ];
  return [...(canEdit ? editing : []), ...always].map((each) => ({ ...each, kind: "Action" }));
}

function pages() {
  return [...document.querySelectorAll(".canvas-bar .tabs-nav a:not([aria-current])")].map((link) => ({
    name: link.textContent,
    kind: "Page",
    run: () => location.assign(link.href),
  }));
}

/** Stages, agents, workflows, actions and pages. */
export function findAnything() {
  const opened = [...itemsOf("agent"), ...itemsOf("workflow")].map((item) => ({ ...item, run: () => item.element.click() }));
  const items = [...cards().map((item) => ({ ...item, run: () => goTo(item.node) })), ...opened, ...actions(), ...pages()];
  pick({ title: "Search", items, onPick: (item) => setTimeout(item.run) }); // when the dialog has given the focus back
}

/** Only what is on this canvas; everything else is dimmed while somebody types. */
export function findHere() {
  pick({
    title: "Find on this canvas",
    items: cards(),
    onPick: ({ node }) => setTimeout(() => goTo(node)),
    onFilter: (shown) => {
      region.toggleAttribute("data-finding", Boolean(shown));
      const found = new Set((shown ?? []).map((item) => item.node));
      for (const node of nodes.values()) node.element.toggleAttribute("data-found", found.has(node));
      if (shown?.length) reveal(shown[0].node);
    },
    onClose: () => region.removeAttribute("data-finding"),
  });
}

/** Type a name, press Enter, type the next. */
export function assignAgents(stage) {
  pick({
    title: `Assign agents to ${stage.name}`,
    items: itemsOf("agent"),
    help: "Enter assigns and stays here for the next, Ctrl+Enter closes.",
    onPick: ({ name }) => send({ do: "assign_agent", stage: stage.id, agent: name }),
    stays: ({ name }) => `${name} was assigned.`,
    onClose: () => stages().includes(stage) && stage.element.focus({ preventScroll: true }),
  });
}

export function showKeys() {
  keys.showModal();
  keys.querySelector("h2").focus();
}
