// Copy buttons: data-copy="ID" copies that element's text.

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  let told = { text: "Copied", tone: "success" };
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // Browsers have no clipboard for plain http of another machine, and people may refuse it.
    getSelection().selectAllChildren(source);
    told = { text: "Selected: copy it by hand, your browser does not let us", tone: "info" };
  }
  document.dispatchEvent(new CustomEvent("toast", { detail: told }));
});
