// Loaded before the first paint, so that a chosen theme never flashes. Everything else about themes is in theme.js.
(() => {
  const root = document.documentElement;
  root.classList.add("has-script");
  try {
    const chosen = localStorage.getItem("baton-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden: the system's choice stands.
  }
})();
