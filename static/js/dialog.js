// Dialogs: whatever lands in #dialog opens as a modal; hx-confirm and data-confirm ask in our own dialog.

const box = document.getElementById("confirm");
const slot = document.getElementById("dialog");
const DEFAULT_TITLE = "Are you sure?";

/** Asks; resolves to true or false. */
export function ask(text, { title = DEFAULT_TITLE, button = "Yes", tone = "primary" } = {}) {
  box.querySelector("#confirm-title").textContent = title;
  box.querySelector("#confirm-text").textContent = text;
  const yes = box.querySelector("#confirm-yes");
  yes.textContent = button;
  yes.className = `button ${tone}`;
  box.returnValue = "no";
  box.showModal();
  return new Promise((resolve) => {
    box.addEventListener("close", () => resolve(box.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("htmx:confirm", (event) => {
  const { ctx, issueRequest, dropRequest } = event.detail;
  const { confirmTitle, confirmButton, confirmTone } = ctx.sourceElement.dataset;
  event.preventDefault();
  ask(ctx.confirm, { title: confirmTitle, button: confirmButton, tone: confirmTone }).then((yes) =>
    yes ? issueRequest() : dropRequest(),
  );
});

let opener = null;

function openLanded() {
  const dialog = slot.querySelector("dialog");
  if (!dialog || dialog.open) return;
  // A re-render after a refused form keeps the first opener.
  if (document.activeElement !== document.body) opener = document.activeElement;
  dialog.addEventListener("close", () => {
    slot.replaceChildren();
    if (opener?.isConnected) opener.focus();
  });
  dialog.showModal();
  const first = ['[aria-invalid="true"]', "[autofocus]", "h2"].map((each) => dialog.querySelector(each)).find(Boolean);
  first?.focus();
}

new MutationObserver(openLanded).observe(slot, { childList: true });
openLanded();

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-dialog-close]")) event.target.closest("dialog")?.close();
});
