// The visible part of the map, in per cent of its width and height, as ECharts expects. Both axes have the same
// scale.
const CLOSEST = 2;
const MARGIN = 1.06;

export class View {
  shown = { x: [0, 100], y: [0, 100] };
  width = 1;
  height = 1;
  half = { x: 1, y: 1 };

  reset() {
    this.shown = this.whole();
  }

  // Take the size of the element, and make the whole map fit into it.
  fit(element, { x, y }) {
    this.width = element.clientWidth || 1;
    this.height = element.clientHeight || 1;
    const reach = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0.01) * MARGIN;
    const unit = Math.max(reach(x) / this.width, reach(y) / this.height);
    this.half = { x: unit * this.width, y: unit * this.height };
  }

  axes() {
    const axis = (half) => ({ type: "value", min: -half, max: half, show: false });
    return { xAxis: axis(this.half.x), yAxis: axis(this.half.y) };
  }

  zooms() {
    return ["x", "y"].map((id) => ({
      id,
      type: "inside",
      [`${id}AxisIndex`]: 0,
      filterMode: "none",
      minSpan: CLOSEST,
      throttle: 16,
      preventDefaultMouseMove: false,
      start: this.shown[id][0],
      end: this.shown[id][1],
    }));
  }

  // Where a place is drawn, in pixels from the top left.
  pixel(x, y) {
    return [this.across("x", x) * this.width, (1 - this.across("y", y)) * this.height];
  }

  across(id, value) {
    const [start, end] = this.shown[id];
    return (((value + this.half[id]) / (2 * this.half[id])) * 100 - start) / (end - start);
  }

  holds({ x, y }) {
    return [this.across("x", x), this.across("y", y)].every((share) => share >= 0 && share <= 1);
  }

  whole() {
    return { x: [0, 100], y: [0, 100] };
  }

  closer(factor) {
    return this.window((id) => {
      const [start, end] = this.shown[id];
      return [(start + end) / 2, ((end - start) / 2) * factor];
    });
  }

  moved(right, up) {
    const by = { x: right, y: up };
    return this.window((id) => {
      const [start, end] = this.shown[id];
      return [(start + end) / 2 + by[id] * (end - start) * 0.2, (end - start) / 2];
    });
  }

  around(points) {
    const share = (id, value) => ((value + this.half[id]) / (2 * this.half[id])) * 100;
    const ends = (id) => points.map((point) => share(id, point[id])).reduce(([low, high], at) => [Math.min(low, at), Math.max(high, at)], [100, 0]);
    const span = Math.max(...["x", "y"].map((id) => ends(id)[1] - ends(id)[0])) * 0.62;
    return this.window((id) => [(ends(id)[0] + ends(id)[1]) / 2, span]);
  }

  // A window with the same span on both axes that stays within the map.
  window(wanted) {
    const within = ([middle, half]) => {
      const reach = Math.min(50, Math.max(CLOSEST / 2, half));
      const at = Math.min(100 - reach, Math.max(reach, middle));
      return [at - reach, at + reach];
    };
    return { x: within(wanted("x")), y: within(wanted("y")) };
  }
}
