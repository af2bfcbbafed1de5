// What the page does beyond its forms and links, which work without it.
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
    say("Copied");
  } catch {
    // Without a secure address there is no clipboard: mark the text, so that Ctrl+C takes it.
    getSelection().selectAllChildren(source);
    button.textContent = "Marked: now press Ctrl+C";
  }
}

function say(text) {
  document.getElementById("said").textContent = text;
}

function trouble(text) {
  const box = document.getElementById("trouble");
  box.textContent = text;
  box.hidden = !text;
}

// A tag that is pointed at in one ranking is marked in the other.
for (const [event, on] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
  document.addEventListener(event, ({ target }) => {
    const row = target.closest?.(".answer-two .row");
    if (!row) return;
    for (const twin of page().querySelectorAll(".row")) {
      if (twin.dataset.tag === row.dataset.tag) twin.classList.toggle("is-twin", on);
    }
  });
}

// A part of the page that renews itself, such as a progress bar, neither speaks nor moves the focus. A page
// that comes back from the history is the body's, not a part.
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
  say(page().dataset.said ?? "");
  mend();
  if (document.activeElement === document.body || document.activeElement === null) {
    (document.getElementById(refocus) ?? document.getElementById("main")).focus({ preventScroll: true });
  }
});
document.addEventListener("htmx:sendError", () => trouble("The service does not answer. Is it running? What is shown is its last answer."));
document.addEventListener("htmx:responseError", ({ detail }) => {
  let reason = `it answered with status ${detail.xhr.status}`;
  try {
    reason = JSON.parse(detail.xhr.responseText).detail;
  } catch {
    // Not a problem document, from a proxy perhaps: its status says enough.
  }
  trouble(`That did not work: ${reason}.`);
});

// What only works with scripts is hidden until they run; what a script draws, the script is fetched for.
function mend() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const place of document.querySelectorAll("[data-module]")) fill(place);
}

// A module that is there already is not waited for: what it drew is off the page only for this moment.
const modules = new Map();
async function fill(place) {
  const name = place.dataset.module;
  if (!modules.has(name)) modules.set(name, await import(`./${name}.js`));
  if (place.isConnected) modules.get(name).show(place); // another page may have come while it was fetched
}
mend();
// A field may have had the focus before this script was there.
if (document.activeElement?.matches("input[data-complete]")) attach(document.activeElement);
