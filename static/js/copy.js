// Copy buttons: data-copy="ID" copies that element's text.

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: "Copied", tone: "success" } }));
});
