// The whole drawing, small; a press or a drag on it moves the view there.

import { nodes, onGraph, region, whole } from "./graph.js";
import { onView, panBy, seen, view } from "./viewport.js";

const map = document.getElementById("minimap");
const PAD = 8;
const LEAST = 3; // stages: with fewer there is nothing to find

const cards = document.createElement("canvas"); // all cards, drawn once: a pan only moves the frame over them
let stale = true;
let frame = null;
let size = { width: 0, height: 0 };
let ink = { card: "", target: "" };
let scale = 1;
let origin = { x: 0, y: 0 };

function drawCards() {
  stale = false;
  const boxes = [...nodes.values()].map((node) => ({ ...whole(node), node }));
  map.hidden = boxes.length <= LEAST;
  if (map.hidden) return;
  const ratio = devicePixelRatio || 1;
  size = { width: map.clientWidth, height: map.clientHeight };
  for (const each of [map, cards]) [each.width, each.height] = [size.width * ratio, size.height * ratio];
  const { color, caretColor } = getComputedStyle(map);
  ink = { card: color, target: caretColor };
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const [w, h] = [Math.max(...boxes.map((box) => box.right)) - left, Math.max(...boxes.map((box) => box.bottom)) - top];
  scale = Math.min((size.width - 2 * PAD) / w, (size.height - 2 * PAD) / h);
  origin = { x: (size.width - w * scale) / 2 - left * scale, y: (size.height - h * scale) / 2 - top * scale };
  const pen = cards.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  for (const { node } of boxes) {
    pen.fillStyle = node.kind === "target" ? ink.target : ink.card;
    pen.fillRect(node.x * scale + origin.x, node.y * scale + origin.y, Math.max(2, node.w * scale), Math.max(2, node.h * scale));
  }
}

function draw() {
  frame = null;
  if (stale) drawCards();
  if (map.hidden) return;
  const ratio = map.width / size.width;
  const pen = map.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, map.width, map.height);
  pen.drawImage(cards, 0, 0);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const part = seen();
  const [x, y] = [(-view.x / view.k) * scale + origin.x, (-view.y / view.k) * scale + origin.y];
  pen.strokeStyle = ink.target;
  pen.lineWidth = 1.5;
  pen.strokeRect(x, y, (part.width / view.k) * scale, (part.height / view.k) * scale);
}

const later = () => (frame ??= requestAnimationFrame(draw));

function anew() {
  stale = true;
  later();
}

function go(event) {
  const box = map.getBoundingClientRect();
  const at = { x: (event.clientX - box.left - origin.x) / scale, y: (event.clientY - box.top - origin.y) / scale };
  const part = seen();
  panBy(part.width / 2 - at.x * view.k - view.x, part.height / 2 - at.y * view.k - view.y);
}

export function startMinimap() {
  onGraph(anew);
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
