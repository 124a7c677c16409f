// The tab of the browser: how the run stands, in its title and as a dot on its icon.

const bar = document.getElementById("run-bar");
const icon = document.querySelector('link[rel="icon"]');
const plain = icon.getAttribute("href");
const name = document.title;
const DOTS = { completed: "done", failed: "failed", open: "asks" };

function tell() {
  const state = bar.querySelector('[role="status"] .state');
  if (!state) return;
  const title = `${state.textContent.trim()}: ${name}`;
  const shown = bar.dataset[DOTS[state.dataset.state]] ?? plain;
  if (document.title !== title) document.title = title;
  if (icon.getAttribute("href") !== shown) icon.setAttribute("href", shown);
}

new MutationObserver(tell).observe(bar, { childList: true, characterData: true, subtree: true });
tell();
