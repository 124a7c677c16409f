// What a pressed pointer does: one gesture at a time, which gets move(point, event), end(event) and cancel().
// Points are of the window. Two fingers pan and pinch; Esc cancels.

import { nodeOf, region } from "./graph.js";
import { panBy, view, zoomTo } from "./viewport.js";

export const THRESHOLD = 4; // pixels before a press is a drag
const LONG_PRESS = 400; // milliseconds

const fingers = new Map(); // pointer id -> {x, y}
let gesture = null; // {id, at, started, begin, move, end, cancel, click}
let space = false;
let timer = null;
let picked = null; // the element of the card that a finger rests on

const pointOf = (event) => ({ x: event.clientX, y: event.clientY });
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** Begin a gesture with this press. `begin` is called once the pointer has moved far enough, `click` if it never does. */
export function follow(event, actions) {
  stopGesture();
  gesture = { id: event.pointerId, at: pointOf(event), started: false, ...actions };
}

function stopGesture() {
  clearTimeout(timer);
  if (gesture?.started) gesture.cancel?.();
  gesture = null;
  letGo();
  delete region.dataset.busy;
}

function pickUp(element) {
  picked = element;
  picked.dataset.picked = "true";
  navigator.vibrate?.(10);
}

function letGo() {
  delete picked?.dataset.picked;
  picked = null;
}

/** What a moved pointer drags along: the view. */
export function panning(event) {
  let last = pointOf(event);
  return {
    begin: () => (region.dataset.busy = "pan"),
    move: (point) => {
      panBy(point.x - last.x, point.y - last.y);
      last = point;
    },
  };
}

function pinch(event) {
  const before = [...fingers.values()];
  fingers.set(event.pointerId, pointOf(event));
  const after = [...fingers.values()];
  const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const [was, now] = [middle(before), middle(after)];
  panBy(now.x - was.x, now.y - was.y);
  const [small, large] = [distance(...before), distance(...after)];
  if (small > 0) zoomTo((view.k * large) / small, now);
}

function pressed(event, begin) {
  if (event.pointerType === "touch") {
    fingers.set(event.pointerId, pointOf(event));
    if (fingers.size === 2) return stopGesture();
  }
  if (fingers.size > 1) return;
  if (event.button === 1 || (event.button === 0 && space)) {
    event.preventDefault();
    return follow(event, panning(event));
  }
  if (event.button !== 0) return;
  // A finger on a card moves the view; it picks the card up when it rests there first.
  if (event.pointerType === "touch" && nodeOf(event.target) && !event.target.closest(".port, .edge-end")) {
    follow(event, panning(event));
    timer = setTimeout(() => {
      if (gesture?.started) return;
      begin(event);
      pickUp(nodeOf(event.target).element);
    }, LONG_PRESS);
    return;
  }
  begin(event);
}

function moved(event) {
  if (fingers.size === 2 && fingers.has(event.pointerId)) return pinch(event);
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, pointOf(event));
  if (!gesture || gesture.id !== event.pointerId) return;
  const point = pointOf(event);
  if (!gesture.started) {
    if (distance(point, gesture.at) < THRESHOLD) return;
    clearTimeout(timer);
    gesture.started = true;
    gesture.begin?.(gesture.at);
  }
  gesture?.move?.(point, event);
}

function released(event) {
  fingers.delete(event.pointerId);
  if (!gesture || gesture.id !== event.pointerId) return;
  clearTimeout(timer);
  const done = gesture;
  gesture = null;
  letGo();
  delete region.dataset.busy;
  if (!done.started) return done.click?.(event);
  swallowClick();
  done.end?.(event);
}

/** A drag is no click on what it ends on, nor is a press that meant something else. */
export function swallowClick() {
  const stop = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", stop, { capture: true }), 0);
}

export const busy = () => Boolean(gesture?.started);

export function startPointer(begin) {
  region.addEventListener("pointerdown", (event) => pressed(event, begin));
  region.addEventListener("contextmenu", (event) => fingers.size && event.preventDefault()); // a long press is ours
  window.addEventListener("pointermove", moved);
  window.addEventListener("pointerup", released);
  window.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    if (gesture?.id === event.pointerId) stopGesture();
  });
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape" && gesture?.started) {
        event.stopPropagation();
        stopGesture();
      }
      if (event.key === " " && region.contains(document.activeElement)) space = true;
    },
    true,
  );
  window.addEventListener("keyup", (event) => {
    if (event.key === " ") space = false;
  });
  window.addEventListener("blur", () => {
    space = false;
    stopGesture();
  });
}
