// The whole drawing, small; a press or a drag on it moves the view there.

import { nodes, onGraph, region, whole } from "./graph.js";
import { onView, panBy, seen, view } from "./viewport.js";

const map = document.getElementById("minimap");
const PAD = 8;
const LEAST = 3; // stages: with fewer there is nothing to find

const cards = document.getElementById("minimap-cards"); // drawn once: a pan only moves the frame over them
const part = document.getElementById("minimap-frame");
let stale = true;
let frame = null;
let scale = 1;
let origin = { x: 0, y: 0 };

function drawCards() {
  stale = false;
  const boxes = [...nodes.values()].map((node) => ({ ...whole(node), node }));
  map.hidden = boxes.length <= LEAST;
  if (map.hidden) return;
  const ratio = devicePixelRatio || 1;
  const [width, height] = [map.clientWidth, map.clientHeight];
  [cards.width, cards.height] = [width * ratio, height * ratio];
  const { color, caretColor } = getComputedStyle(map);
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const [w, h] = [Math.max(...boxes.map((box) => box.right)) - left, Math.max(...boxes.map((box) => box.bottom)) - top];
  scale = Math.min((width - 2 * PAD) / w, (height - 2 * PAD) / h);
  origin = { x: (width - w * scale) / 2 - left * scale, y: (height - h * scale) / 2 - top * scale };
  const pen = cards.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  for (const { node } of boxes) {
    pen.fillStyle = node.kind === "target" ? caretColor : color;
    pen.fillRect(node.x * scale + origin.x, node.y * scale + origin.y, Math.max(2, node.w * scale), Math.max(2, node.h * scale));
  }
}

function draw() {
  frame = null;
  if (stale) drawCards();
  if (map.hidden) return;
  const { width, height } = seen();
  const [x, y] = [(-view.x / view.k) * scale + origin.x, (-view.y / view.k) * scale + origin.y];
  part.style.transform = `translate(${x}px, ${y}px)`;
  part.style.width = `${(width / view.k) * scale}px`;
  part.style.height = `${(height / view.k) * scale}px`;
}

const later = () => (frame ??= requestAnimationFrame(draw));

function anew() {
  stale = true;
  later();
}

function go(event) {
  const box = map.getBoundingClientRect();
  const at = { x: (event.clientX - box.left - origin.x) / scale, y: (event.clientY - box.top - origin.y) / scale };
  const { width, height } = seen();
  panBy(width / 2 - at.x * view.k - view.x, height / 2 - at.y * view.k - view.y);
}

export function startMinimap() {
  onGraph(({ moved }) => moved && anew());
  onView(later);
  new ResizeObserver(anew).observe(region);
  new MutationObserver(anew).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", anew);
  map.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    map.setPointerCapture(event.pointerId);
    go(event);
  });
  map.addEventListener("pointermove", (event) => map.hasPointerCapture(event.pointerId) && go(event));
}
