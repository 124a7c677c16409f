// Short messages at the foot of the window, from the server (#toasts, the header HX-Trigger: toast) and from failed requests.

const STAYS = 6000; // milliseconds; errors stay until dismissed

const FAILURES = {
  401: "You are signed out. Sign in again, then repeat it.",
  403: "You are not allowed to do that.",
  404: "That is not there any more. Reload the page to see how things are.",
  413: "That is too large: at most 1 MiB at a time.",
  429: "That was too often. Wait a moment, then try again.",
};

const region = document.getElementById("toasts");

function watch(toast) {
  if (toast.dataset.tone === "error") return;
  setTimeout(() => toast.matches(":hover, :focus-within") ? watch(toast) : toast.remove(), STAYS);
}

/** Show a message. `passing`: it is taken back as soon as the server answers again. */
export function showToast(text, tone = "info", { passing = false } = {}) {
  const last = region?.lastElementChild;
  if (last?.querySelector("p")?.textContent === text) return;
  const toast = document.getElementById("toast-template")?.content.firstElementChild.cloneNode(true);
  if (!toast) return;
  toast.dataset.tone = tone;
  toast.toggleAttribute("data-passing", passing);
  toast.setAttribute("role", tone === "error" ? "alert" : "status");
  toast.querySelector("p").textContent = text;
  region.append(toast);
}

function failed(event) {
  const { ctx } = event.detail;
  if (ctx.sourceElement?.matches?.("[data-sync-url], #drawer")) return; // live.js shows this on its chip, builder-live.js says it
  const { status } = ctx.response;
  if (status >= 500) showToast("Something went wrong on the server. Try again; if it stays, tell whoever runs Baton.", "error");
  else if (FAILURES[status]) showToast(FAILURES[status], "error");
}

function unreachable(event) {
  const { ctx } = event.detail;
  if (!ctx?.request || ctx.response || ctx.sourceElement?.matches?.("[data-sync-url]")) return;
  showToast("The server cannot be reached. Nothing was changed; try again when you are back online.", "error", { passing: true });
}

/** What was wrong with the connection or the session is not any more; and Undo would take back what was done after what it
 * stands beside. */
function answered(event) {
  const { request, response, sourceElement } = event.detail.ctx;
  if (!response || response.status >= 400 || response.raw.redirected) return;
  const past = request.method === "GET" ? "[data-passing]" : "[data-passing], :has(form)";
  for (const toast of region.querySelectorAll(`.toast:is(${past})`)) if (!toast.contains(sourceElement)) toast.remove();
}

new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) watch(node);
}).observe(region, { childList: true });
for (const toast of region.children) watch(toast);

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-dismiss]");
  const toast = button?.closest(".toast");
  if (!toast) return;
  if (button.type !== "submit") return toast.remove();
  toast.hidden = true; // what it sends must stay in the page until it is answered
  toast.addEventListener("htmx:finally:request", () => toast.remove());
});
document.addEventListener("toast", (event) => showToast(event.detail.text, event.detail.tone));
document.addEventListener("htmx:response:error", failed);
document.addEventListener("htmx:error", unreachable);
document.addEventListener("htmx:after:request", answered);
