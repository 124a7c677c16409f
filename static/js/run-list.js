// The list of runs: unfolding without losing one's place, and choosing many at once.

import { root } from "./live.js";

const open = () => document.querySelectorAll('#run-rows input[name="run"]');

/** What is unfolded stands in the address, as it does without a script. */
async function unfold(link) {
  const { href, id } = link; // the answer changes the link itself
  await htmx.ajax("GET", href, { source: link, target: "#run-list", swap: "none" });
  history.replaceState(null, "", href);
  const list = document.getElementById("run-list");
  if (root && list) root.dataset.syncUrl = list.dataset.sync;
  document.getElementById(id)?.focus();
}

const over = new Set(["completed", "failed", "cancelled"]);
const buttons = {
  "bulk-cancel": { verb: "Cancel", takes: (state) => !over.has(state) },
  "bulk-retry": { verb: "Retry", takes: (state) => state === "failed" },
};

/** Each button counts the chosen runs that it is for, as their rows show them now. */
function count() {
  const states = [...open()].filter((box) => box.checked)
    .map((box) => box.closest("tr").querySelector("[data-state]")?.dataset.state);
  for (const [id, { verb, takes }] of Object.entries(buttons)) {
    const button = document.getElementById(id);
    if (!button) continue;
    const chosen = states.filter(takes).length;
    button.disabled = !chosen;
    button.lastChild.textContent = chosen ? `${verb} ${chosen} run${chosen === 1 ? "" : "s"}` : `${verb} chosen runs`;
  }
}

if (document.getElementById("run-list")) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-keeps-place]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    unfold(link);
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "choose-all") for (const box of open()) box.checked = event.target.checked;
    count();
  });
  document.addEventListener("htmx:after:settle", count);
  count();
}
