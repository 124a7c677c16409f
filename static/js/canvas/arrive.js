// What the server sends arrives here: shells are made before their cards land, and the drawing follows the new graph
// before the next paint.

import { adopt, hear, makeShells } from "./graph.js";

const holder = document.getElementById("graph-holder");
let fresh = new Set(); // keys of the cards that something new was said of since the page shows it; null: of all

function beforeSwap(event) {
  const { tasks } = event.detail;
  const text = tasks.map((task) => task.fragment?.querySelector?.("#graph")?.textContent).find(Boolean);
  if (!text) return;
  const data = JSON.parse(text);
  const keys = hear(data);
  fresh = fresh && keys && new Set([...fresh, ...keys]);
  makeShells(data);
  for (const task of tasks) {
    const id = task.fragment?.firstElementChild?.id;
    if (!task.target && id) task.target = document.getElementById(id);
  }
}

export function startArrivals() {
  document.addEventListener("htmx:before:swap", beforeSwap);
  new MutationObserver(() => {
    const keys = fresh;
    fresh = new Set();
    adopt(keys);
  }).observe(holder, { childList: true });
}
