// Routes that no run has ever taken, in earnest or dry: marked while their button is on. One question for all of them.

import { say, tell } from "./commands.js";
import { showNever } from "./edges.js";
import { nodes, onGraph } from "./graph.js";

const button = document.getElementById("never-taken");
let asked = 0; // the newest question; older answers are late
let known = null; // "stage\noutcome" of those that were never taken

const isOn = () => button.getAttribute("aria-pressed") === "true";
const isNever = (edge) => Boolean(known?.has(`${nodes.get(edge.from).name}\n${edge.label}`));

async function ask() {
  const turn = (asked += 1);
  let routes;
  try {
    const answer = await fetch(button.dataset.routes, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    ({ routes } = await answer.json());
  } catch {
    if (turn === asked) turnOff();
    tell("Which routes were taken could not be read. Try again.", "error");
    return null;
  }
  if (turn !== asked || !isOn()) return null;
  const never = routes.filter((route) => !route.taken);
  known = new Set(never.map((route) => `${route.stage}\n${route.outcome}`));
  showNever(isNever);
  return { never: never.length, all: routes.length };
}

function turnOff() {
  button.setAttribute("aria-pressed", "false");
  known = null;
  showNever(null);
}

async function toggle() {
  if (isOn()) return turnOff();
  button.setAttribute("aria-pressed", "true");
  const counts = await ask();
  if (!counts) return;
  if (!counts.all) tell("This workflow has no outcomes: it has one way only.", "info");
  else if (!counts.never) tell("Every route was taken by a run.", "success");
  else say(`${counts.never} of ${counts.all} routes were never taken by a run.`);
}

export function startNever() {
  button.addEventListener("click", toggle);
  onGraph(() => isOn() && ask());
}
