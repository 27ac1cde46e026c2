// Keys do what the buttons that show them do; nothing here is needed to decide.
"use strict";

const inField = (target) =>
  target.matches?.("input:not([type=checkbox]), textarea, select") ?? false;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && inField(event.target)) event.target.blur();
  if (inField(event.target)) return;
  const key = event.key.toLowerCase();
  if (key === "?") return document.getElementById("keys")?.showModal();
  if (key === "k") return history.back();
  const found = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!found || found.disabled) return;
  event.preventDefault();
  if (inField(found)) found.focus();
  else found.click();
});

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens]");
  if (opens) document.getElementById(opens.dataset.opens)?.showModal();
});

// An answer is sent once, however often the key is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  if (form.method === "post") form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () =>
  document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent)
);

const toast = document.querySelector(".toast");
if (toast) setTimeout(() => toast.remove(), 30_000);
