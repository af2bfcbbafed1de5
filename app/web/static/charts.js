// Charts in the page's own colours. Apache ECharts is fetched when the first of them is drawn.
const LIBRARY = "./vendor/echarts-6.1.0/echarts.common.min.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// Custom properties of explorer.css that charts use as colours.
const COLOURS = ["paper", "sheet", "sunk", "line", "edge", "ink", "soft", "a", "a-tint", "a-bar", "b", "b-tint", "b-bar", "warn", "dot"];

// Draw a chart in an element that has a size; return the ECharts instance. `option(colours)` returns what to
// draw, and is called again when the colour scheme changes (colours.aBar is --a-bar, and so on). The chart follows
// the element's size and is disposed of when the element leaves the page. Returns null if the element has left the
// page before the chart exists.
export async function draw(element, option) {
  await import(LIBRARY);
  if (!element.isConnected) return null;
  const chart = globalThis.echarts.init(element, null, { renderer: "canvas" });
  const paint = () => {
    const now = colours();
    chart.setOption(basics(now), { lazyUpdate: true });
    chart.setOption(option(now));
  };
  const follow = new ResizeObserver(() => {
    if (element.isConnected) chart.resize();
    else end();
  });
  function end() {
    follow.disconnect();
    dark.removeEventListener("change", paint);
    chart.dispose();
  }
  paint();
  follow.observe(element);
  dark.addEventListener("change", paint);
  return chart;
}

export function colours() {
  const styles = getComputedStyle(document.documentElement);
  const camel = (name) => name.replace(/-(.)/, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(COLOURS.map((name) => [camel(name), styles.getPropertyValue(`--${name}`).trim()]));
}

// Whether animations are allowed.
export function lively() {
  return !calm.matches;
}

// The options that all charts share. Tooltips are drawn on the canvas: as HTML elements they would have inline
// styles, which the Content-Security-Policy forbids.
function basics({ sheet, line, ink }) {
  return {
    animation: lively(),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: sheet, borderColor: line, textStyle: { color: ink, fontSize: 14 } },
  };
}
