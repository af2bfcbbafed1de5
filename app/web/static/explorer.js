// Enhancements of the pages; their forms and links work without this script.
import { attach } from "./combobox.js";

const page = () => document.getElementById("page");

document.addEventListener("focusin", ({ target }) => {
  if (target.matches("input[data-complete]")) attach(target);
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-submits]")) target.form.requestSubmit();
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-copy]");
  if (button) copy(button);
});

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
    announce("Copied");
  } catch {
    // Outside a secure context there is no clipboard: select the text, so that Ctrl+C copies it.
    getSelection().selectAllChildren(source);
    button.textContent = "Selected: now press Ctrl+C";
  }
}

function announce(text) {
  document.getElementById("message").textContent = text;
}

function trouble(text) {
  const box = document.getElementById("trouble");
  box.textContent = text;
  box.hidden = !text;
}

// Highlight the tag under the pointer or the focus in both rankings.
for (const [event, on] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
  document.addEventListener(event, ({ target }) => {
    const row = target.closest?.(".answer-two .row");
    if (!row) return;
    for (const twin of page().querySelectorAll(".row")) {
      if (twin.dataset.tag === row.dataset.tag) twin.classList.toggle("is-twin", on);
    }
  });
}

// A part of the page that refreshes itself, such as a progress bar, is not announced and does not move the focus.
// A page restored from the browser's history is swapped into the body and does not count as a part.
const isPart = ({ detail: { elt, target } }) => elt.id !== "page" && target?.id !== "page" && page().contains(elt);

let refocus = null;
document.addEventListener("htmx:beforeRequest", (event) => {
  if (isPart(event)) return;
  refocus = document.activeElement?.dataset?.refocus ?? null;
  page().setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", () => page().removeAttribute("aria-busy"));
document.addEventListener("htmx:afterSettle", (event) => {
  trouble("");
  if (isPart(event)) return;
  announce(page().dataset.message ?? "");
  enhance();
  if (document.activeElement === document.body || document.activeElement === null) {
    (document.getElementById(refocus) ?? document.getElementById("main")).focus({ preventScroll: true });
  }
});
document.addEventListener("htmx:sendError", () => trouble("The service does not answer. Is it running? The page shows its last answer."));
document.addEventListener("htmx:responseError", ({ detail }) => {
  let reason = `the service answered with status ${detail.xhr.status}`;
  try {
    reason = JSON.parse(detail.xhr.responseText).detail;
  } catch {
    // The body is not a problem document (a proxy may have sent it): only the status is shown.
  }
  trouble(`That did not work: ${reason}.`);
});

// Show the buttons that only work with scripts, and run the module of each element that a script draws.
function enhance() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const place of document.querySelectorAll("[data-module]")) fill(place);
}

// A module that is loaded already is called without waiting: its drawing has just been swapped out of the page
// and is put back at once.
const modules = new Map();
async function fill(place) {
  const name = place.dataset.module;
  if (!modules.has(name)) modules.set(name, await import(`./${name}.js`));
  if (place.isConnected) modules.get(name).show(place); // the page may have changed while the module was loading
}
enhance();
// A field may have received the focus before this script was loaded.
if (document.activeElement?.matches("input[data-complete]")) attach(document.activeElement);
