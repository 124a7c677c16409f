// What is sent: once for a double click, and with the token of whoever is signed in now.

// Whoever signs in again in another tab gets a new token there; the cookie has it, this page's forms do not.
const TOKEN = /(?:^|; )(?:__Host-)?csrftoken=([^;]+)/;
const HOLDS_TOKEN = "csrfmiddlewaretoken";

// A double click sends once: while something is on its way, its form or button sends nothing more.
const sending = new WeakSet();

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.request.method !== "GET" && ctx.sourceElement?.matches?.("form, button")) sending.add(ctx.sourceElement);
});
document.addEventListener("htmx:finally:request", (event) => sending.delete(event.detail.ctx.sourceElement));
for (const kind of ["submit", "click"]) {
  const sends = (target) => (kind === "submit" ? target : target.closest?.("button[hx-post]"));
  document.addEventListener(
    kind,
    (event) => {
      if (!sending.has(sends(event.target))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
}

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  const token = TOKEN.exec(document.cookie)?.[1];
  if (request.method === "GET" || !token) return;
  request.headers["X-CSRFToken"] = token;
  if (request.body?.has?.(HOLDS_TOKEN)) request.body.set(HOLDS_TOKEN, token);
});
