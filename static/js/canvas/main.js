// The canvas of the Workflow Builder. Each module does one thing; here they are started, and a press finds its gesture.

import { startArrivals } from "./arrive.js";
import { startClipboard } from "./clipboard.js";
import { send } from "./commands.js";
import { pressConnect, startConnect } from "./connect.js";
import { startEdges } from "./edges.js";
import { findAnything, showKeys } from "./finders.js";
import { adopt, canEdit, nodeOf, nodes, region, stageById } from "./graph.js";
import { startKeyboard } from "./keyboard.js";
import { startMinimap } from "./minimap.js";
import { startNever } from "./never.js";
import { onGrid, pressNodes, tidyUp } from "./nodes.js";
import { startPalette } from "./palette.js";
import { startPicker } from "./picker.js";
import { startPointer } from "./pointer.js";
import { goTo, select, startSelection } from "./selection.js";
import { reveal, startViewport, toWorld } from "./viewport.js";

const FLOATING = ".canvas-tools, .back-to-content, .minimap, .menu";

function press(event) {
  if (event.target.closest(FLOATING)) return;
  if (canEdit && pressConnect(event)) return;
  pressNodes(event);
}

function addStageAt(event) {
  if (nodeOf(event.target) || event.target.closest(`${FLOATING}, .edge-end`)) return;
  const at = toWorld({ x: event.clientX, y: event.clientY });
  send({ do: "add_stage", x: onGrid(at.x - 124), y: onGrid(at.y - 30) });
}

// The problems are counted as they come
function countProblems() {
  const count = document.querySelectorAll("#problems li").length;
  document.getElementById("problem-count").textContent = count;
  document.getElementById("problems-button").hidden = !count;
}

/** The card that a drawer is about: "stage:12", "assignment:5", "outcome:12:approve", "target:12:approve", "hook:7". */
function nodeOfDrawer(key) {
  const [kind, id] = key.split(":");
  if (kind === "target" || kind === "stage") return nodes.get(key);
  if (kind === "outcome") return stageById(id);
  return nodeOf(document.getElementById(`${kind}-${id}`));
}

function drawerOpened() {
  const node = nodeOfDrawer(document.querySelector("#drawer > .drawer")?.dataset.drawer ?? "");
  if (!node) return;
  select([node]);
  reveal(node);
}

function start() {
  startEdges();
  startSelection();
  adopt();
  startViewport();
  startMinimap();
  startPointer(press);
  startConnect();
  startPicker();
  startPalette();
  startClipboard();
  startKeyboard();
  startArrivals();
  startNever();
  new MutationObserver(drawerOpened).observe(document.getElementById("drawer"), { childList: true });
  new MutationObserver(countProblems).observe(document.getElementById("problems"), { childList: true });
  document.addEventListener("builder:made", (event) => {
    const { stage } = event.detail;
    requestAnimationFrame(() => goTo(stageById(stage)));
  });
  if (canEdit) region.addEventListener("dblclick", addStageAt);
  document.getElementById("tidy")?.addEventListener("click", tidyUp);
  document.getElementById("find").addEventListener("click", findAnything);
  document.getElementById("show-keys").addEventListener("click", showKeys);
  const mode = document.getElementById("select-mode");
  mode.addEventListener("click", () => mode.setAttribute("aria-pressed", String(mode.getAttribute("aria-pressed") !== "true")));
  document.documentElement.classList.add("canvas-ready");
  drawerOpened();
}

start();
