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
import "./search.js";
import "./keys.js";
import "./outcomes.js";
import "./sending.js";
import { showToast } from "./toast.js";

// A view may answer a form with an ordinary redirect: without a script the browser follows it, with htmx we do the same
// (also to the sign-in page when the session has ended).
document.addEventListener("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  if (!raw.redirected) return;
  event.preventDefault();
  const signIn = new URL(raw.url);
  if (signIn.pathname === "/login") {
    if (document.querySelector("[data-save=saving], [data-save=offline]")) {
      return showToast("You are signed out. Sign in again in another tab: what you did here waits.", "error", { passing: true });
    }
    if (document.querySelector("form[data-dirty]")) {
      return showToast("You are signed out, and this is not saved. Sign in again in another tab, then save it here.", "error", { passing: true });
    }
    signIn.searchParams.set("next", location.pathname + location.search); // not where something was sent to
    return location.assign(signIn);
  }
  for (const form of document.querySelectorAll("form[data-dirty]")) delete form.dataset.dirty;
  location.assign(raw.url);
});
