// The theme menu: system, light or dark, remembered in this browser.

const KEY = "baton-theme";

function chosen() {
  return document.documentElement.dataset.theme ?? "system";
}

function mark() {
  for (const item of document.querySelectorAll("[data-theme-choice]")) {
    item.setAttribute("aria-checked", String(item.dataset.themeChoice === chosen()));
  }
}

function choose(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be forbidden: the choice holds for this page.
  }
  mark();
}

function moveInMenu(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("[data-theme-choice]")) return;
  const items = [...event.target.parentElement.querySelectorAll("[data-theme-choice]")];
  items[(items.indexOf(event.target) + step + items.length) % items.length].focus();
  event.preventDefault();
}

document.addEventListener("click", (event) => {
  const item = event.target.closest?.("[data-theme-choice]");
  if (!item) return;
  choose(item.dataset.themeChoice);
  item.closest("[popover]")?.hidePopover();
});
document.addEventListener("keydown", moveInMenu);
document.getElementById("theme-menu")?.addEventListener("toggle", (event) => {
  if (event.newState === "open") event.target.querySelector('[aria-checked="true"]')?.focus();
});
mark();
