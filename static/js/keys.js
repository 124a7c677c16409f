// Single keys (C, A, S, …) can be switched off in this browser, for those whose speech or hands press them by mistake.

const KEY = "baton-single-keys";

/** Whether letters, digits and signs pressed alone do something. */
export function singleKeys() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true; // storage may be forbidden
  }
}

const control = document.getElementById("single-keys");
if (control) {
  control.checked = singleKeys();
  control.addEventListener("change", () => {
    try {
      if (control.checked) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, "off");
    } catch {
      control.checked = true;
    }
  });
}
