// Stages on the clipboard, as the JSON text that the server writes and takes: it goes into another workflow, or an issue.

import { send, tell } from "./commands.js";
import { nodes, region, stages } from "./graph.js";
import { here, select, selectedStages } from "./selection.js";

const chosenStages = () => {
  const chosen = selectedStages();
  if (chosen.length) return chosen;
  return here()?.kind === "stage" ? [here()] : [];
};

async function textOf(chosen) {
  const ids = chosen.map((stage) => stage.id).join(",");
  const answer = await fetch(`${region.dataset.copies}?stages=${ids}`);
  if (!answer.ok) throw new Error(`copy: ${answer.status}`);
  return answer.text();
}

const count = (number) => `${number} stage${number === 1 ? "" : "s"}`;

/** Copy the selected stages; resolves to whether that worked. */
export async function copy() {
  const chosen = chosenStages();
  if (!chosen.length) return false;
  try {
    // Handed over as a promise: Safari wants the write to begin within the key press.
    const text = textOf(chosen);
    if (window.ClipboardItem && navigator.clipboard.write) {
      const blob = text.then((value) => new Blob([value], { type: "text/plain" }));
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    } else await navigator.clipboard.writeText(await text);
  } catch {
    tell("The clipboard cannot be reached. Allow it for this page, then copy again.", "error");
    return false;
  }
  tell(`Copied ${count(chosen.length)}`, "success");
  return true;
}

/** Delete what is selected, or the current card. */
export async function remove() {
  const chosen = chosenStages();
  const outcomes = [...(chosen.length ? [] : [here()])].filter((node) => node?.kind === "target");
  const focused = document.activeElement?.closest?.(".chip")?.dataset.assignment;
  if (focused) return send({ do: "delete", assignments: [Number(focused)] });
  const label = document.activeElement?.closest?.(".edge-label");
  if (label) {
    const stage = Number(label.closest(".node").id.replace("node-", ""));
    return send({ do: "remove_outcome", stage, label: label.dataset.label });
  }
  if (outcomes.length) return send({ do: "remove_outcome", stage: outcomes[0].stage, label: outcomes[0].label });
  return chosen.length ? send({ do: "delete", stages: chosen.map((stage) => stage.id) }) : null;
}

export async function cut() {
  if (await copy()) await remove();
}

async function put(text) {
  const before = new Set(stages().map((stage) => stage.key));
  const after = here()?.kind === "stage" ? { after: here().id } : {};
  if (await send({ do: "paste", text, ...after })) select([...nodes.values()].filter((node) => node.kind === "stage" && !before.has(node.key)));
}

/** The same stages once more, behind the current one. */
export async function duplicate() {
  const chosen = chosenStages();
  if (chosen.length) await put(await textOf(chosen));
}

export function startClipboard() {
  // The key press brings the text with it, so that nothing has to be allowed.
  document.addEventListener("paste", (event) => {
    if (event.target.closest?.("input, textarea, dialog, #drawer") || !region.contains(document.activeElement)) return;
    const text = event.clipboardData.getData("text/plain");
    if (!text.trim()) return;
    event.preventDefault();
    put(text);
  });
}
