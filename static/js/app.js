// Everything that every page needs; each module looks for its own elements and stays silent where there are none.

import "./theme.js";
import "./toast.js";
import "./dialog.js";
import "./drawer.js";
import "./tabs.js";
import "./reveal.js";
import "./copy.js";
import "./import.js";
import "./time.js";
import "./live.js";
import "./builder-live.js";
import "./run-list.js";
import "./bell.js";
import "./keys.js";
import "./outcomes.js";
import { showToast } from "./toast.js";

// Whoever signs in again in another tab gets a new token there; the cookie has it, this page's forms do not.
const TOKEN = /(?:^|; )(?:__Host-)?csrftoken=([^;]+)/;
const HOLDS_TOKEN = "csrfmiddlewaretoken";

// A view may answer a form with an ordinary redirect: without a script the browser follows it, with htmx we do the same
// (also to the sign-in page when the session has ended).
document.addEventListener("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  if (!raw.redirected) return;
  event.preventDefault();
  if (new URL(raw.url).pathname === "/login" && document.querySelector("form[data-dirty]")) {
    return showToast("You are signed out, and this is not saved. Sign in again in another tab, then save it here.", "error");
  }
  for (const form of document.querySelectorAll("form[data-dirty]")) delete form.dataset.dirty;
  location.assign(raw.url);
});

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  const token = TOKEN.exec(document.cookie)?.[1];
  if (request.method === "GET" || !token) return;
  request.headers["X-CSRFToken"] = token;
  if (request.body?.has?.(HOLDS_TOKEN)) request.body.set(HOLDS_TOKEN, token);
});
