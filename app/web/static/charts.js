// Charts in the page's own colours. Apache ECharts is fetched when the first of them is drawn.
const LIBRARY = "./vendor/echarts-6.1.0/echarts.common.min.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// Custom properties of explorer.css that charts draw with.
const COLOURS = ["paper", "sheet", "sunk", "line", "edge", "ink", "soft", "a", "a-tint", "a-bar", "b", "b-tint", "b-bar", "warn", "dot"];

// Draw a chart in an element that has a size; return the ECharts instance. `option(colours)` says what to
// draw, and is asked again when light becomes dark (colours.aBar is --a-bar, and so on). The chart follows
// the element's size and ends when the element leaves the page; null if it has left before there is one.
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

// Whether things may move.
export function lively() {
  return !calm.matches;
}

// What every chart begins with. Tooltips are drawn on the canvas: as elements they would carry styles, which
// the page's policy forbids.
function basics({ sheet, line, ink }) {
  return {
    animation: lively(),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: sheet, borderColor: line, textStyle: { color: ink, fontSize: 14 } },
  };
}
