// Precision-recall curves, drawn from the table that stands below them.
import { draw } from "./charts.js";

const STROKES = ["solid", "dashed", "dotted", [8, 3, 2, 3]];
const SYMBOLS = ["circle", "rect", "triangle", "diamond"];

export async function show(place) {
  if (place.dataset.drawn) return;
  place.dataset.drawn = "yes";
  const series = read(document.getElementById(place.dataset.table));
  place.hidden = false;
  await draw(place, (colours) => option(series, colours, place.clientWidth < 400));
}

function read(table) {
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => Number(cell.textContent)));
  return heads.map((head, column) => ({
    name: head.textContent,
    own: "own" in head.dataset,
    points: rows.map((row) => [row[0], row[column + 1]]),
  }));
}

function option(series, { a, b, warn, edge, soft, line, ink }, narrow) {
  const others = [b, warn, edge, soft];
  const highest = Math.max(...series.flatMap(({ points }) => points.map(([, precision]) => precision)));
  const axis = (name, max) => ({
    type: "value",
    min: 0,
    max,
    interval: 0.2,
    name,
    nameLocation: "middle",
    nameTextStyle: { color: soft, fontSize: 13 },
    axisLabel: { color: soft, fontSize: 12 },
    axisLine: { lineStyle: { color: line } },
    splitLine: { lineStyle: { color: line } },
  });
  let other = 0;
  return {
    grid: { left: 48, right: 14, top: narrow && series.length > 3 ? 64 : 40, bottom: 44 },
    legend: { top: 0, left: 0, itemGap: 14, textStyle: { color: ink, fontSize: 13 } },
    tooltip: { trigger: "axis", valueFormatter: (value) => value.toFixed(3), axisPointer: { label: { show: false } } },
    xAxis: { ...axis("recall", 1), nameGap: 26 },
    yAxis: { ...axis("precision", Math.min(1, Math.ceil(highest * 5 + 0.01) / 5)), nameGap: 34 },
    series: series.map(({ name, own, points }, position) => {
      const colour = own ? a : others[other++ % others.length];
      return {
        name,
        type: "line",
        data: points,
        symbol: SYMBOLS[position % SYMBOLS.length],
        symbolSize: own ? 7 : 6,
        itemStyle: { color: colour },
        lineStyle: { color: colour, width: own ? 3 : 2, type: STROKES[position % STROKES.length] },
        z: own ? 3 : 2,
      };
    }),
  };
}
