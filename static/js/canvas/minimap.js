// The whole drawing, small; a press or a drag on it moves the view there.

import { nodes, onGraph, region, whole } from "./graph.js";
import { onView, panBy, seen, view } from "./viewport.js";

const map = document.getElementById("minimap");
const PAD = 8;
const LEAST = 3; // stages: with fewer there is nothing to find

let frame = null;
let scale = 1;
let origin = { x: 0, y: 0 };

function draw() {
  frame = null;
  const boxes = [...nodes.values()].map((node) => ({ ...whole(node), node }));
  map.hidden = boxes.length <= LEAST;
  if (map.hidden) return;
  const ratio = devicePixelRatio || 1;
  const [width, height] = [map.clientWidth, map.clientHeight];
  if (map.width !== width * ratio) [map.width, map.height] = [width * ratio, height * ratio];
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.right));
  const bottom = Math.max(...boxes.map((box) => box.bottom));
  scale = Math.min((width - 2 * PAD) / (right - left), (height - 2 * PAD) / (bottom - top));
  origin = { x: (width - (right - left) * scale) / 2 - left * scale, y: (height - (bottom - top) * scale) / 2 - top * scale };
  const pen = map.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const { color, caretColor } = getComputedStyle(map);
  for (const { node } of boxes) {
    pen.fillStyle = node.kind === "target" ? caretColor : color;
    pen.fillRect(node.x * scale + origin.x, node.y * scale + origin.y, Math.max(2, node.w * scale), Math.max(2, node.h * scale));
  }
  const part = seen();
  pen.strokeStyle = caretColor;
  pen.lineWidth = 1.5;
  pen.strokeRect(
    (-view.x / view.k) * scale + origin.x,
    (-view.y / view.k) * scale + origin.y,
    (part.width / view.k) * scale,
    (part.height / view.k) * scale,
  );
}

const later = () => (frame ??= requestAnimationFrame(draw));

function go(event) {
  const box = map.getBoundingClientRect();
  const at = { x: (event.clientX - box.left - origin.x) / scale, y: (event.clientY - box.top - origin.y) / scale };
  const part = seen();
  panBy(part.width / 2 - at.x * view.k - view.x, part.height / 2 - at.y * view.k - view.y);
}

export function startMinimap() {
  onGraph(later);
  onView(later);
  new ResizeObserver(later).observe(region);
  new MutationObserver(later).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
  map.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    map.setPointerCapture(event.pointerId);
    go(event);
  });
  map.addEventListener("pointermove", (event) => map.hasPointerCapture(event.pointerId) && go(event));
}
