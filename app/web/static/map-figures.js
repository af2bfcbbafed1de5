// What is drawn on the map: a mark for each tag, whose shape, size and colour show its part in the query
// (query tag, context, related or other), and as many names as there is room for.
export const NEAR = 30; // the number of results that are drawn as related
const NAMED = 12; // the number of results that are named if there is room
const CELL = [150, 84]; // pixels, width and height; one further tag is named in each cell of this size
const LONGEST = 28; // characters of a name; the rest is cut
const GAP = 3; // pixels between a mark and its name

const pen = document.createElement("canvas").getContext("2d");

export function figures(found, colours, view) {
  const marks = marked(found, colours);
  return {
    context: lines(found, colours),
    tags: {
      id: "tags",
      type: "scatter",
      z: 3,
      data: marks.map(({ name, at, look }) => ({ id: name, name, value: at, ...look })).reverse(),
      emphasis: { scale: 1.35, itemStyle: { borderColor: colours.ink, borderWidth: 2, opacity: 1 } },
    },
    labels: {
      id: "labels",
      type: "scatter",
      silent: true,
      z: 5,
      itemStyle: { opacity: 0 },
      labelLayout: { hideOverlap: false },
      data: named(marks, view).map(({ mark, position }) => ({
        id: mark.name,
        value: mark.at,
        symbolSize: mark.look.symbolSize,
        label: { show: true, opacity: 1, position, align: "left", verticalAlign: "middle", formatter: () => mark.text, textBorderColor: colours.sheet, textBorderWidth: 3, ...mark.font },
      })),
    },
  };
}

// Every tag as a mark, the most important first.
function marked({ tags, x, y, shares, ranked, context, asked }, colours) {
  const marks = [];
  const done = new Set();
  const small = tags.length > 1500 ? 3 : 4;
  const add = (at, must, look, font, place = [x[at], y[at]], name = tags[at]) => {
    if (done.has(name)) return;
    done.add(name);
    const text = name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
    marks.push({ name, text, at: place, must, look, font: { fontSize: 13, ...font } });
  };
  if (asked) {
    const look = { symbol: "circle", symbolSize: 19, itemStyle: { color: colours.ink, borderColor: colours.sheet, borderWidth: 2.5, opacity: 1 } };
    add(asked.at, true, look, { color: colours.ink, fontSize: 16, fontWeight: 700 }, [asked.x, asked.y], asked.tag);
  }
  for (const at of context) {
    const look = { symbol: "diamond", symbolSize: 17, itemStyle: { color: colours.aTint, borderColor: colours.a, borderWidth: 2, opacity: 1 } };
    add(at, true, look, { color: colours.a, fontSize: 14, fontWeight: 600 });
  }
  const most = Math.sqrt(shares[ranked[0]] || 1);
  ranked.slice(0, NEAR).forEach((at, rank) => {
    const strength = Math.sqrt(shares[at]) / most;
    const look = { symbol: "circle", symbolSize: 6 + 14 * strength, itemStyle: { color: colours.aBar, borderColor: colours.sheet, borderWidth: 1, opacity: 0.7 + 0.3 * strength } };
    add(at, rank < NAMED, look, { color: colours.ink, fontSize: rank < 3 ? 14 : 13, fontWeight: 500 });
  });
  const look = { symbol: "circle", symbolSize: small, itemStyle: { color: colours.edge, borderWidth: 0, opacity: 0.8 } };
  for (let at = 0; at < tags.length; at += 1) add(at, false, look, { color: colours.soft, fontSize: 12, fontWeight: 400 });
  return marks;
}

// Lines from the query to each tag of its context.
function lines({ x, y, context, asked }, colours) {
  const data = asked ? context.flatMap((at) => [[asked.x, asked.y], [x[at], y[at]], ["-", "-"]]) : [];
  return { id: "context", type: "line", silent: true, z: 2, symbol: "none", data, lineStyle: { color: colours.a, width: 1.25, type: "dashed", opacity: 0.6 } };
}

// The names to draw: each is beside its mark and overlaps neither another name nor the mark of the query, its
// context or a best result. Some of the other tags are named too, spread over the map, for orientation.
function named(marks, view) {
  const { fontFamily } = getComputedStyle(document.body);
  const taken = [];
  const names = [];
  const must = marks.filter((mark) => mark.must);
  for (const mark of must) if (view.holds({ x: mark.at[0], y: mark.at[1] })) taken.push(around(view, mark));
  const cells = new Set();
  for (const mark of marks) {
    if (!view.holds({ x: mark.at[0], y: mark.at[1] })) continue;
    const cell = view.pixel(...mark.at).map((at, axis) => Math.floor(at / CELL[axis])).join();
    if (!mark.must && cells.has(cell)) continue;
    const label = fitting(mark, view, taken, fontFamily);
    if (label === null) continue;
    taken.push(label.box);
    cells.add(cell);
    names.push({ mark, position: label.position });
  }
  return names;
}

function around(view, { at, look }) {
  const [x, y] = view.pixel(...at);
  const reach = look.symbolSize / 2;
  return [x - reach, y - reach, x + reach, y + reach];
}

function fitting({ at, look, text, font }, view, taken, fontFamily) {
  const [x, y] = view.pixel(...at);
  pen.font = `${font.fontWeight} ${font.fontSize}px ${fontFamily}`;
  const width = pen.measureText(text).width + 2;
  const height = font.fontSize * 1.15;
  const reach = look.symbolSize / 2;
  // Right and left of the mark, level with it and a little above and below; then over and under it.
  const corners = [0, -0.7, 0.7, -1.5, 1.5].flatMap((step) => [reach + GAP, -reach - GAP - width].map((dx) => [dx, step * (height / 2 + reach) - height / 2]));
  corners.push([-width / 2, -reach - GAP - height], [-width / 2, reach + GAP]);
  for (const [dx, dy] of corners) {
    const box = [x + dx, y + dy, x + dx + width, y + dy + height];
    const position = [dx + reach, dy + height / 2 + reach]; // as ECharts counts, from the top left of the mark
    const inside = box[0] >= 2 && box[1] >= 2 && box[2] <= view.width - 2 && box[3] <= view.height - 2;
    if (inside && !taken.some((other) => overlap(box, other))) return { position, box };
  }
  return null;
}

function overlap(one, two) {
  return one[0] < two[2] && two[0] < one[2] && one[1] < two[3] && two[1] < one[3];
}
