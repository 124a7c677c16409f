// Where an agent would land on a stage: behind the last one, or between two chips.

import { send } from "./commands.js";
import { nodeAt, world } from "./graph.js";

const CHIP = 30; // pixels from one chip to the next
const SLACK = 14;

const mark = document.createElement("div");
mark.className = "drop-mark";
mark.hidden = true;

/** Show where an agent that is dropped at this point of the drawing would land; what `dropAgent` needs, or nothing. */
export function markDrop(point) {
  const node = nodeAt(point, SLACK);
  for (const other of world.querySelectorAll("[data-drop]")) if (other !== node?.element) delete other.dataset.drop;
  if (node?.kind !== "stage") {
    hideMark();
    return null;
  }
  const count = node.above / CHIP;
  const at = point.y >= node.y ? count : Math.max(0, Math.min(count, Math.round((point.y - (node.y - node.above)) / CHIP)));
  if (!mark.isConnected) world.append(mark);
  mark.hidden = false;
  mark.style.transform = `translate(${node.x + 8}px, ${node.y - node.above + at * CHIP - 3}px)`;
  node.element.dataset.drop = "true";
  return { node, at, isLast: at === count };
}

export function hideMark() {
  mark.hidden = true;
  for (const other of world.querySelectorAll("[data-drop]")) delete other.dataset.drop;
}

/** Put an agent there: one of the palette ({agent}), or one that stands somewhere already ({assignment, from}). */
export function dropAgent({ node, at, isLast }, { agent, assignment, from }) {
  if (agent) return send({ do: "assign_agent", stage: node.id, agent, ...(isLast ? {} : { at }) });
  if (from !== node) return send({ do: "move_assignment", assignment, to: at, stage: node.id });
  const chips = [...node.element.querySelectorAll(".chip")].map((chip) => Number(chip.dataset.assignment));
  const was = chips.indexOf(assignment);
  const to = at > was ? at - 1 : at; // it leaves a gap behind
  return to === was ? null : send({ do: "move_assignment", assignment, to });
}
