// Cards in the hand: moved, selected with a frame, opened by a click; chips taken to another place.

import { dropAgent, hideMark, markDrop } from "./dropping.js";
import { send } from "./commands.js";
import { redraw } from "./edges.js";
import { canEdit, held, nodeOf, nodes, put, region, whole, world } from "./graph.js";
import { follow, panning } from "./pointer.js";
import { isSelected, makeCurrent, select, selected, toggle } from "./selection.js";
import { overview, toWorld, view } from "./viewport.js";

const GRID = 4;
const SNAP = 5; // pixels of the window

export const onGrid = (value) => Math.round(value / GRID) * GRID;
const canMove = (node) => node.kind !== "end";

/** Where cards stand, told to the server. */
export function sendPlaces(moved) {
  send({ do: "place", places: Object.fromEntries(moved.map((node) => [node.key, [node.x, node.y]])) });
}

/** All cards in rows again, and in view. */
export async function tidyUp() {
  if (await send({ do: "tidy" })) overview();
}

/** With a stage go the workflows it leads to. */
function company(node) {
  const chosen = isSelected(node) ? selected().filter(canMove) : [node];
  const all = new Set(chosen);
  for (const other of nodes.values()) {
    if (other.kind === "target" && chosen.some((stage) => stage.kind === "stage" && stage.id === other.stage)) all.add(other);
  }
  return [...all];
}

// Lines that show what a card is level with

function snapLines(x, y) {
  for (const [name, at] of [["x", x], ["y", y]]) {
    const line = world.querySelector(`.snap.${name}`) ?? world.appendChild(document.createElement("div"));
    line.className = `snap ${name}`;
    line.hidden = at === null;
    if (at !== null) line.style.transform = name === "x" ? `translateX(${at}px)` : `translateY(${at}px)`;
  }
}

function snapped(node, x, y, others) {
  const near = (value, axis) => {
    const hit = others.find((other) => Math.abs(other[axis] - value) * view.k <= SNAP);
    return hit ? hit[axis] : null;
  };
  return { x: near(x, "x"), y: near(y, "y") };
}

function dragNode(event, node) {
  let frame = null;
  let moving = [];
  let starts = new Map();
  let others = [];
  let target = null;
  const draw = () => {
    frame = null;
    if (!target) return;
    for (const each of moving) put(each, starts.get(each).x + target.dx, starts.get(each).y + target.dy);
    redraw(new Set(moving.map((each) => each.key)));
  };
  const back = () => {
    for (const each of moving) {
      held.delete(each.key);
      delete each.element.dataset.moving;
    }
    cancelAnimationFrame(frame);
    snapLines(null, null);
  };
  return {
    begin: () => {
      region.dataset.busy = "move";
      moving = company(node);
      starts = new Map(moving.map((each) => [each, { x: each.x, y: each.y }]));
      others = [...nodes.values()].filter((other) => other.kind === node.kind && !starts.has(other));
      for (const each of moving) {
        held.add(each.key);
        each.element.dataset.moving = "true";
      }
    },
    move: (point) => {
      const [x, y] = [(point.x - event.clientX) / view.k, (point.y - event.clientY) / view.k];
      const start = starts.get(node);
      const snap = snapped(node, start.x + x, start.y + y, others);
      snapLines(snap.x, snap.y);
      target = { dx: (snap.x ?? onGrid(start.x + x)) - start.x, dy: (snap.y ?? onGrid(start.y + y)) - start.y };
      frame ??= requestAnimationFrame(draw);
    },
    end: () => {
      draw();
      back();
      redraw();
      const changed = moving.filter((each) => each.x !== starts.get(each).x || each.y !== starts.get(each).y);
      if (changed.length) sendPlaces(changed);
    },
    cancel: () => {
      target = { dx: 0, dy: 0 };
      draw();
      back();
    },
  };
}

function dragChip(event, chip) {
  const own = nodeOf(chip);
  let drop = null;
  return {
    begin: () => (region.dataset.busy = "move"),
    move: (point) => (drop = markDrop(toWorld(point))),
    end: () => {
      hideMark();
      if (drop) dropAgent(drop, { assignment: Number(chip.dataset.assignment), from: own });
    },
    cancel: hideMark,
  };
}

function frameSelection(event) {
  const start = toWorld({ x: event.clientX, y: event.clientY });
  const before = event.ctrlKey ? selected() : [];
  let frame = null;
  return {
    begin: () => {
      region.dataset.busy = "select";
      frame = world.appendChild(document.createElement("div"));
      frame.className = "marquee";
    },
    move: (point) => {
      const now = toWorld(point);
      const [left, top] = [Math.min(start.x, now.x), Math.min(start.y, now.y)];
      const [right, bottom] = [Math.max(start.x, now.x), Math.max(start.y, now.y)];
      frame.style.transform = `translate(${left}px, ${top}px)`;
      frame.style.width = `${right - left}px`;
      frame.style.height = `${bottom - top}px`;
      const inside = [...nodes.values()].filter((node) => {
        const box = whole(node);
        return canMove(node) && box.left < right && box.right > left && box.top < bottom && box.bottom > top;
      });
      select([...before, ...inside]);
    },
    end: () => frame.remove(),
    cancel: () => frame.remove(),
  };
}

function clickNode(event, node) {
  if (event.shiftKey || event.ctrlKey || event.metaKey) return toggle(node);
  makeCurrent(node);
  select([node]);
  if (event.target.closest("button, a")) return; // it opens what it is
  node.element.focus({ preventScroll: true });
  node.element.querySelector(".node-open")?.click();
}

const selecting = () => document.getElementById("select-mode").getAttribute("aria-pressed") === "true";

/** A press on the canvas that is no connection. */
export function pressNodes(event) {
  const node = nodeOf(event.target);
  const chip = event.target.closest(".chip");
  if (chip && canEdit) {
    // Not our own drag: a button of a drawer's opener is still clicked by the browser.
    return follow(event, { ...dragChip(event, chip), click: () => select([node]) });
  }
  if (event.target.closest(".edge-label, .hook-pill")) return;
  if (node) {
    const click = (up) => clickNode(up, node);
    return follow(event, canEdit && canMove(node) ? { ...dragNode(event, node), click } : { ...panning(event), click });
  }
  if (event.shiftKey || selecting()) return follow(event, frameSelection(event));
  region.focus({ preventScroll: true });
  follow(event, { ...panning(event), click: () => select([]) });
}
