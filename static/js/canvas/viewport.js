// The part of the drawing that is seen: moved and zoomed as one layer. Points are {x, y}, of the screen or the drawing.

import { nodes, onGraph, region, whole, world } from "./graph.js";

const LEAST = 0.08;
const MOST = 2;
const FAR = 0.4; // below it cards show their names only
const MARGIN = 48;
const FOOT = 72; // the tools at the foot
const TILE = 24;
const REST = 180; // milliseconds after which a movement is over
const READABLE = 0.55;

const dots = document.getElementById("dots");
const word = document.getElementById("zoom-word");
const back = document.getElementById("back-to-content");
const listeners = [];
const kept = `baton.view.${location.pathname}`;
let resting = null;

export const view = { x: 0, y: 0, k: 1 };

export function onView(listener) {
  listeners.push(listener);
}

/** A point of the window as one of the drawing. */
export function toWorld(point) {
  const box = region.getBoundingClientRect();
  return { x: (point.x - box.left - view.x) / view.k, y: (point.y - box.top - view.y) / view.k };
}

/** What of the region can be seen: an open drawer covers its right side. */
export function seen() {
  const box = region.getBoundingClientRect();
  const drawer = document.querySelector("#drawer > .drawer")?.getBoundingClientRect();
  const right = drawer && drawer.left > box.left ? Math.min(box.right, drawer.left) : box.right;
  return { width: right - box.left, height: box.height };
}

function apply() {
  world.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k})`;
  const tile = TILE * view.k * (view.k < FAR ? 4 : 1);
  dots.style.transform = `translate(${(view.x % tile) - tile}px, ${(view.y % tile) - tile}px)`;
  dots.style.backgroundSize = `${tile}px ${tile}px`;
  const percent = `${Math.round(view.k * 100)}%`;
  if (word.textContent !== percent) word.textContent = percent;
  world.toggleAttribute("data-far", view.k < FAR);
  if (!resting) world.style.willChange = dots.style.willChange = "transform";
  clearTimeout(resting);
  resting = setTimeout(rest, REST);
  for (const listener of listeners) listener();
}

/** A layer of its own only while it moves: at rest, text is sharp again. */
function rest() {
  resting = null;
  world.style.willChange = dots.style.willChange = "";
  back.hidden = anythingSeen();
  sessionStorage.setItem(kept, JSON.stringify(view));
}

function anythingSeen() {
  const { width, height } = seen();
  const left = -view.x / view.k;
  const top = -view.y / view.k;
  const right = left + width / view.k;
  const bottom = top + height / view.k;
  return [...nodes.values()].some((node) => {
    const box = whole(node);
    return box.right > left && box.left < right && box.bottom > top && box.top < bottom;
  });
}

export function panBy(dx, dy) {
  view.x += dx;
  view.y += dy;
  apply();
}

/** Zoom so that what is at `point` of the window stays there; without one, the middle does. */
export function zoomTo(k, point = null) {
  const box = region.getBoundingClientRect();
  const { width, height } = seen();
  const at = point ? { x: point.x - box.left, y: point.y - box.top } : { x: width / 2, y: height / 2 };
  const next = Math.min(MOST, Math.max(LEAST, k));
  view.x = at.x - ((at.x - view.x) * next) / view.k;
  view.y = at.y - ((at.y - view.y) * next) / view.k;
  view.k = next;
  apply();
}

function bounds() {
  const boxes = [...nodes.values()].map(whole);
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.right)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
  };
}

/** Show everything, at most at its own size; `least` is the smallest zoom that is taken. */
export function fit(least = LEAST) {
  const box = bounds();
  const { width, height } = seen();
  const [w, h] = [box.right - box.left, box.bottom - box.top];
  const room = { w: width - 2 * MARGIN, h: height - MARGIN - FOOT };
  const k = Math.min(1, room.w / w, room.h / h);
  view.k = Math.max(LEAST, least, k);
  const fits = view.k <= k;
  view.x = fits ? (width - w * view.k) / 2 - box.left * view.k : MARGIN - box.left * view.k;
  view.y = fits ? Math.max(MARGIN, (height - FOOT - h * view.k) / 2) - box.top * view.k : MARGIN - box.top * view.k;
  apply();
}

/** Show everything, as long as that can be read. */
export const overview = () => fit(READABLE);

/** Move as little as is needed for the card to be seen, chips and all. */
export function reveal(node, margin = 32) {
  const { width, height } = seen();
  const box = whole(node);
  const shift = (low, high, size) => {
    if (low < margin || high - low > size - 2 * margin) return margin - low;
    return high > size - margin ? size - margin - high : 0;
  };
  const dx = shift(box.left * view.k + view.x, box.right * view.k + view.x, width);
  const dy = shift(box.top * view.k + view.y, box.bottom * view.k + view.y, height - FOOT / 2);
  if (dx || dy) panBy(dx, dy);
}

function wheel(event) {
  if (event.target.closest(".canvas-tools, .menu")) return;
  event.preventDefault();
  const step = event.deltaMode === 1 ? 16 : 1;
  if (event.ctrlKey || event.metaKey) {
    zoomTo(view.k * Math.exp(-event.deltaY * step * 0.004), { x: event.clientX, y: event.clientY });
  } else if (event.shiftKey && !event.deltaX) panBy(-event.deltaY * step, 0);
  else panBy(-event.deltaX * step, -event.deltaY * step);
}

export function startViewport() {
  region.addEventListener("wheel", wheel, { passive: false });
  // The browser scrolls to what takes the focus; we move the drawing instead.
  region.addEventListener("scroll", () => region.scrollTo(0, 0));
  document.getElementById("zoom-in").addEventListener("click", () => zoomTo(view.k * 1.25));
  document.getElementById("zoom-out").addEventListener("click", () => zoomTo(view.k / 1.25));
  document.getElementById("fit").addEventListener("click", () => fit());
  back.addEventListener("click", () => {
    fit();
    region.focus({ preventScroll: true });
  });
  onGraph(({ moved }) => {
    if (moved) back.hidden = anythingSeen();
  });
  const before = JSON.parse(sessionStorage.getItem(kept) ?? "null");
  if (before) {
    Object.assign(view, before);
    apply();
    if (!anythingSeen()) overview();
  } else overview();
}
