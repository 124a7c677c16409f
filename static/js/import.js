// The import dialog: a chosen file is read into the text, where it can be looked at and mended; too long a text is told before it is sent.

const bytes = (text) => new Blob([text]).size;

function check(text) {
  const tooLong = bytes(text.value) > Number(text.dataset.mostBytes);
  text.setAttribute("aria-invalid", String(tooLong));
  document.getElementById(`${text.id}-error`).hidden = !tooLong;
  for (const button of text.form.querySelectorAll('[type="submit"]')) button.disabled = tooLong;
}

document.addEventListener("change", async (event) => {
  const input = event.target;
  const text = document.getElementById(input.dataset?.fileInto);
  const file = input.files?.[0];
  if (!text || !file) return;
  input.name = "file"; // what is too large or no text is sent as it is: the server says what is wrong with it
  if (file.size > Number(text.dataset.mostBytes)) return;
  try {
    text.value = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    return;
  }
  input.removeAttribute("name"); // the text is sent, with what is mended in it
  check(text);
});

document.addEventListener("input", (event) => {
  if (event.target.matches?.("textarea[data-most-bytes]")) check(event.target);
});
