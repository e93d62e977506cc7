// One run in depth: its weights, model, log and settings.

import { COLORS, Chart } from "./chart.js";
import { $, element } from "./dom.js";
import { number, place, short } from "./record.js";

const TABS = { weights: "Weights", model: "Model", log: "Log", settings: "Settings" };
const STATISTICS = {
  gradient: ["gradient, RMS", "of the loss on the probe batch, in training mode"],
  change: ["change, relative", "RMS of what was added since the description before, by the weight's RMS"],
  rms: ["RMS", "root mean square of the weight's numbers"],
  std: ["standard deviation", ""],
  mean: ["mean", ""],
  min: ["least", ""],
  max: ["greatest", ""],
};
const DRAWN_AT_FIRST = 8, LINES = 500;
const drawn = new Map(); // by run: the weights whose curves are drawn
let tab = "weights", chart = null, picked = false;

const changed = () => document.dispatchEvent(new Event("details"));

for (const [key, title] of Object.entries(TABS)) {
  const button = element("button", { textContent: title, id: `to-${key}` });
  button.setAttribute("role", "tab");
  button.setAttribute("aria-controls", `tab-${key}`);
  button.onclick = () => { tab = key; changed(); };
  $("tabs").append(button);
}
$("statistic").append(
  ...Object.entries(STATISTICS).map(([value, [text]]) => element("option", { value, textContent: text })),
);
$("statistic").addEventListener("change", () => {
  picked = true;
  changed();
});

export function showDetails(run, axis) {
  $("details-title").textContent = run.name;
  for (const key of Object.keys(TABS)) {
    $(`tab-${key}`).hidden = key !== tab;
    $(`to-${key}`).setAttribute("aria-selected", String(key === tab));
  }
  ({ weights: showWeights, model: showModel, log: showLog, settings: showSettings })[tab](run, axis);
}

function showWeights(run, axis) {
  const last = run.weights.at(-1)?.weights ?? {};
  // Gradients are there where the run has a probe batch; else how far weights move says most.
  const has = (key) => Object.values(last).some((w) => key in w);
  if (!picked) $("statistic").value = ["gradient", "change", "rms"].find(has) ?? "rms";
  const statistic = $("statistic").value;
  $("statistic-hint").textContent = Object.keys(last).length
    ? (has(statistic) ? STATISTICS[statistic][1] : missing(statistic))
    : "not described yet: it comes at an epoch's end";
  const paths = Object.keys(last);
  if (!drawn.has(run.name) && paths.length)
    drawn.set(run.name, new Set(paths.filter((p) => statistic in last[p]).slice(0, DRAWN_AT_FIRST)));
  const chosen = drawn.get(run.name) ?? new Set();
  drawWeights(run, axis, statistic, paths, chosen);
  tabulate(last, paths, chosen);
}

const missing = (statistic) => (statistic === "gradient"
  ? "not in this run: RunLogger(probe=(x, y)) takes gradients on a batch" : "not there yet");

function drawWeights(run, axis, statistic, paths, chosen) {
  if (!chart) {
    chart = new Chart("weights");
    chart.figure.firstChild.hidden = true;
    $("weight-chart").append(chart.figure);
  }
  const series = paths.filter((p) => chosen.has(p)).map((path) => ({
    label: path, dashed: false, color: COLORS[paths.indexOf(path) % COLORS.length],
    points: run.weights
      .filter((e) => e.weights[path]?.[statistic] !== undefined)
      .map((e) => [place(run, e, axis), number(e.weights[path][statistic])]),
  }));
  const positive = ["gradient", "change", "rms"].includes(statistic);
  chart.figure.hidden = !series.some((s) => s.points.length);
  if (!chart.figure.hidden) chart.update(series, { log: positive, axis });
}

function tabulate(last, paths, chosen) {
  const columns = ["shape", "rms", "mean", "std", "min", "max", "change", "gradient"];
  $("weights").tHead.replaceChildren(element("tr", {},
    ...["weight", ...columns].map((textContent) => element("th", { textContent }))));
  $("weights").hidden = !paths.length;
  $("weights").tBodies[0].replaceChildren(...paths.map((path) => {
    const box = element("input", { type: "checkbox", checked: chosen.has(path) });
    box.onchange = () => {
      chosen[box.checked ? "add" : "delete"](path);
      changed();
    };
    const cells = columns.map((key) => {
      const value = last[path][key];
      const text = Array.isArray(value) ? value.join("×") || "()" : short(value);
      const bad = !Array.isArray(value) && value !== undefined && !Number.isFinite(Number(value));
      return element("td", { textContent: text, className: bad ? "bad" : "" });
    });
    return element("tr", {}, element("td", {}, element("label", {}, box, ` ${path}`)), ...cells);
  }));
}

function showModel(run) {
  const picture = $("picture");
  picture.hidden = !run.model?.picture;
  const source = `/runs/${encodeURIComponent(run.name)}/picture?${run.model?.time}`;
  if (!picture.hidden && picture.getAttribute("src") !== source) picture.src = source;
  $("summary").textContent = run.model?.summary ?? "It comes after the first step.";
}

function showLog(run) {
  const list = $("log");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
  const lines = run.log.slice(-LINES).map((event) => element("li", { className: event.level },
    element("time", { textContent: new Date(event.time * 1000).toLocaleTimeString() }),
    element("span", { className: "level", textContent: event.level }), event.text));
  const none = element("li", { textContent: "No messages. RunLogger.write(text) adds one." });
  list.replaceChildren(...(lines.length ? lines : [none]));
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function showSettings(run) {
  const { kind, time, ...rest } = run.start ?? {};
  $("settings").textContent = JSON.stringify(rest, null, 2);
}
