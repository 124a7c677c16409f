// What the server sends arrives here: shells are made before their cards land, and the drawing follows the new graph
// before the next paint.

import { adopt, makeShells } from "./graph.js";

const holder = document.getElementById("graph-holder");

function beforeSwap(event) {
  const { tasks } = event.detail;
  const text = tasks.map((task) => task.fragment?.querySelector?.("#graph")?.textContent).find(Boolean);
  if (!text) return;
  makeShells(JSON.parse(text));
  for (const task of tasks) {
    const id = task.fragment?.firstElementChild?.id;
    if (!task.target && id) task.target = document.getElementById(id);
  }
}

export function startArrivals() {
  document.addEventListener("htmx:before:swap", beforeSwap);
  new MutationObserver(() => adopt()).observe(holder, { childList: true });
}
