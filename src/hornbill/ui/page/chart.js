// A chart that is made once and then given new data, drawn by uPlot (vendor/).

import { short } from "./record.js";

export const COLORS = [
  "#2b7bba", "#d9822b", "#2e9e5b", "#c0392b", "#8e5bb5", "#a0793d", "#d0579d", "#5f6b7a",
];
const HEIGHT = 210;
const DOTS = 40; // a curve of fewer points shows each
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const AXES = { step: "step", epoch: "epoch", time: "minute" };
const all = new Set();

// `series`: [{label, color, dashed, points: [[x, y], ...]}]. `title` is text.
export class Chart {
  constructor(title) {
    this.figure = document.createElement("figure");
    this.figure.dataset.metric = title;
    const heading = document.createElement("h3");
    heading.textContent = title;
    this.holder = document.createElement("div");
    this.figure.append(heading, this.holder);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.figure);
    all.add(this);
  }

  update(series, { log = false, axis = "step" } = {}) {
    const key = JSON.stringify([series.map((s) => [s.label, s.color, s.dashed]), log, axis]);
    const data = aligned(series, log);
    this.figure.dataset.points = series.reduce((n, s) => n + s.points.length, 0);
    if (key === this.key) this.plot.setData(data);
    else {
      this.key = key;
      this.drawn = [series, log, axis];
      this.redraw(data);
    }
  }

  redraw(data) {
    const [series, log, axis] = this.drawn;
    this.plot?.destroy();
    const axes = { stroke: css("--soft"), grid: { stroke: css("--line"), width: 1 },
      ticks: { stroke: css("--line"), width: 1 }, font: "11px system-ui, sans-serif" };
    this.plot = new uPlot({
      width: this.figure.clientWidth || 340, height: HEIGHT,
      scales: { x: { time: false, range: roomy }, y: { distr: log ? 3 : 1 } },
      axes: [
        { ...axes, size: 28, values: (u, ticks) => ticks.map(short), space: 60 },
        { ...axes, size: 58, values: (u, ticks) => ticks.map(short) },
      ],
      cursor: { points: { size: 7 }, drag: { x: true, y: false } },
      legend: { markers: {
        width: 2, stroke: (u, i) => series[i - 1].color,
        fill: (u, i) => (series[i - 1].dashed ? "transparent" : series[i - 1].color),
        dash: (u, i) => (series[i - 1].dashed ? "dashed" : "solid"),
      } },
      series: [
        { label: AXES[axis], value: (u, v) => short(v) },
        ...series.map((s) => ({
          label: s.label, stroke: s.color, width: 1.75, dash: s.dashed ? [6, 4] : undefined,
          spanGaps: true, value: (u, v) => short(v),
          points: { show: (u, i) => u.data[i].filter(Number.isFinite).length < DOTS, size: 5 },
        })),
      ],
    }, data, this.holder);
  }

  fit() {
    const width = this.figure.clientWidth;
    if (this.plot && width && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  remove() {
    this.plot?.destroy();
    this.sizes.disconnect();
    this.figure.remove();
    all.delete(this);
  }
}

// A lone point stands in the middle, not on the edge.
const roomy = (u, low, high) => (low === high ? [low - 1, high + 1] : [low, high]);

// uPlot's form: one list of places for all series. A logarithm shows positive numbers alone.
function aligned(series, log) {
  const shown = (y) => (Number.isFinite(y) && (!log || y > 0) ? y : null);
  const tables = series.map((s) => {
    const unique = new Map(s.points.map(([x, y]) => [x, shown(y)]));
    const places = [...unique.keys()].sort((a, b) => a - b);
    return [places, places.map((x) => unique.get(x))];
  });
  return tables.length ? uPlot.join(tables) : [[]];
}

// The colors of axes are painted, so another theme means painting anew.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of all) if (chart.plot) chart.redraw(chart.plot.data);
});
