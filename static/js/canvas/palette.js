// The palette: its search, and agents, workflows and stages dragged from it onto the canvas.

import { openConnect } from "./connect.js";
import { dropAgent, hideMark, markDrop } from "./dropping.js";
import { send, tell } from "./commands.js";
import { canEdit, region } from "./graph.js";
import { onGrid } from "./nodes.js";
import { THRESHOLD, follow } from "./pointer.js";
import { toWorld } from "./viewport.js";

const palette = document.getElementById("palette");
const field = document.getElementById("palette-filter");
const none = document.getElementById("palette-none");
const fold = (text) => text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

function filter() {
  const typed = fold(field.value.trim());
  let count = 0;
  for (const item of palette.querySelectorAll("li[data-name]")) {
    item.hidden = !fold(`${item.dataset.name} ${item.dataset.more}`).includes(typed);
    if (!item.hidden) count += 1;
  }
  none.hidden = count > 0 || !typed;
}

function overCanvas({ x, y }) {
  const box = region.getBoundingClientRect();
  return x > box.left && x < box.right && y > box.top && y < box.bottom;
}

// What is dragged, by what is dragged: how it is shown over the canvas, and what dropping it does

function overStage(point) {
  const drop = markDrop(toWorld(point));
  hideMark();
  if (drop) drop.node.element.dataset.drop = "true";
  return drop;
}

const KINDS = {
  agent: {
    over: (point) => markDrop(toWorld(point)),
    drop: (name, found) => (found ? dropAgent(found, { agent: name }) : tell("Drop an agent on a stage.", "info")),
  },
  workflow: {
    over: overStage,
    drop: (name, found) => {
      if (found) openConnect(found.node, { goesTo: "workflow", workflow: name });
      else tell("Drop a workflow on the stage whose outcome leads to it.", "info");
    },
  },
  "new-stage": {
    over: () => null,
    drop: (_, found, point) => {
      const at = toWorld(point);
      return send({ do: "add_stage", x: onGrid(at.x - 124), y: onGrid(at.y - 30) });
    },
  },
};

function press(event) {
  const item = event.target.closest("[data-drag]");
  if (!item || !canEdit || event.button !== 0) return;
  if (event.pointerType === "touch") return; // a finger scrolls the list; a tap opens the drawer
  const kind = KINDS[item.dataset.drag];
  let ghost = null;
  let found = null;
  const remove = () => {
    ghost?.remove();
    hideMark();
    delete document.body.dataset.dragging;
  };
  follow(event, {
    begin: () => {
      ghost = document.body.appendChild(item.cloneNode(true));
      ghost.removeAttribute("id");
      ghost.className = "palette-item palette-ghost";
      ghost.setAttribute("aria-hidden", "true");
      document.body.dataset.dragging = "true";
    },
    move: (point) => {
      ghost.style.transform = `translate(${point.x + THRESHOLD}px, ${point.y + THRESHOLD}px)`;
      found = overCanvas(point) ? kind.over(point) : (hideMark(), null);
    },
    end: (up) => {
      const point = { x: up.clientX, y: up.clientY };
      remove();
      if (overCanvas(point)) kind.drop(item.dataset.name, found, point);
    },
    cancel: remove,
  });
}

/** The project's agents and workflows, as a list to pick from. */
export const itemsOf = (drag) =>
  [...palette.querySelectorAll(`[data-drag="${drag}"]`)].map((element) => ({
    name: element.dataset.name,
    more: element.closest("li").dataset.more,
    kind: drag === "agent" ? "Agent" : "Workflow",
    element,
  }));

export function startPalette() {
  field.addEventListener("input", filter);
  palette.addEventListener("pointerdown", press);
  palette.addEventListener("dragstart", (event) => event.preventDefault());
  document.getElementById("new-stage")?.addEventListener("click", () => send({ do: "add_stage" }));
}

