// The map: draws the positions that the service sends, keeps the zoomed part when the query changes, so that
// tags are seen to move, and submits the form with a tag that is clicked.
import { colours, draw } from "./charts.js";
import { NEAR, figures } from "./map-figures.js";
import { View } from "./map-view.js";

let canvas = null;
let chart = null;
let starting = null;
let found = null;
let asking = 0;
let drawn = 0;
const view = new View();

// Draw the map of the query whose address `spot` holds; a map that is drawn already is moved there and updated.
export async function show(spot) {
  const number = ++asking;
  if (chart?.isDisposed() || canvas?.dataset.version !== spot.dataset.version) canvas = chart = starting = null;
  canvas ??= framed(spot.dataset.version);
  canvas.setAttribute("aria-busy", "true");
  spot.replaceChildren(canvas);
  const places = await load(spot.dataset.places);
  if (number !== asking || !spot.isConnected) return;
  if (places === null) return lost(spot);
  found = places;
  drawn = number;
  spot.parentElement.querySelector(".map-tools").hidden = false;
  if (starting === null) starting = begin(canvas);
  else if (await starting) update();
}

async function load(address) {
  try {
    const response = await fetch(address);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function lost(spot) {
  const message = document.createElement("p");
  message.className = "nothing";
  message.setAttribute("role", "alert");
  message.textContent = "The map could not be loaded. The ranking lists the same tags.";
  spot.replaceChildren(message);
  canvas = chart = starting = null;
}

function framed(version) {
  const made = document.createElement("div");
  made.className = "map-canvas";
  made.dataset.version = version;
  made.tabIndex = 0;
  made.setAttribute("role", "application");
  made.setAttribute("aria-label", "Map of the tags. Plus and minus zoom, arrow keys move, 0 shows the whole map. The ranking lists the tags that are close.");
  made.addEventListener("keydown", typed);
  return made;
}

async function begin(here) {
  view.reset();
  view.fit(here, found);
  chart = await draw(here, option);
  if (chart === null) {
    starting = null; // the page was left before the chart was drawn
    return false;
  }
  chart.on("click", ({ name }) => ask(name));
  chart.on("datazoom", ({ batch }) => {
    for (const { dataZoomId, start, end } of batch) view.shown[dataZoomId] = [start, end];
    requestAnimationFrame(relabel);
  });
  chart.on("finished", () => drawn === asking && here.setAttribute("aria-busy", "false"));
  new ResizeObserver(() => {
    if (chart.isDisposed() || !here.isConnected) return;
    view.fit(here, found);
    chart.setOption({ ...view.axes(), series: [labels()] });
  }).observe(here);
  return true;
}

function update() {
  const { asked } = found;
  view.fit(canvas, found);
  if (asked && !view.holds(asked)) go(view.whole());
  chart.setOption(option(colours()));
}

function relabel() {
  if (!chart.isDisposed()) chart.setOption({ series: [labels()] });
}

function labels() {
  return figures(found, colours(), view).labels;
}

function option(now) {
  const { context, tags, labels } = figures(found, now, view);
  return {
    ...view.axes(),
    animationThreshold: 20_000,
    animationDuration: 0,
    animationDurationUpdate: 800,
    animationEasingUpdate: "cubicInOut",
    grid: { left: 0, right: 0, top: 0, bottom: 0 },
    dataZoom: view.zooms(),
    tooltip: { trigger: "item", formatter: ({ name }) => described(name) },
    series: [context, tags, labels],
  };
}

function described(name) {
  const at = found.tags.indexOf(name);
  const rank = found.ranked.indexOf(at);
  const lines = name.match(/.{1,44}(\s|$)|.{1,44}/gsu).map((line) => line.trim());
  if (name === found.asked?.tag) lines.push("the query tag");
  else if (found.context.includes(at)) lines.push("in the context");
  else if (rank >= 0) lines.push(`rank ${rank + 1}, score ${found.scores[at].toFixed(3)}`);
  else if (found.scores[at] !== null && at >= 0) lines.push(`score ${found.scores[at].toFixed(3)}`);
  return lines.join("\n");
}

function ask(name) {
  const form = document.getElementById("ask");
  form.elements.tag.value = name;
  form.requestSubmit();
}

function go(window) {
  chart.dispatchAction({ type: "dataZoom", batch: ["x", "y"].map((id) => ({ dataZoomId: id, start: window[id][0], end: window[id][1] })) });
}

const moves = {
  in: () => view.closer(0.6),
  out: () => view.closer(1 / 0.6),
  whole: () => view.whole(),
  near: () => view.around([found.asked ?? { x: 0, y: 0 }, ...found.ranked.slice(0, NEAR / 2).map((at) => ({ x: found.x[at], y: found.y[at] }))]),
};

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-zoom]");
  if (button && chart && !chart.isDisposed()) go(moves[button.dataset.zoom]());
});

const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const keys = { "+": "in", "=": "in", "-": "out", "0": "whole" };

function typed(event) {
  if (!chart || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in steps) go(view.moved(...steps[event.key]));
  else if (event.key in keys) go(moves[keys[event.key]]());
  else return;
  event.preventDefault();
}
