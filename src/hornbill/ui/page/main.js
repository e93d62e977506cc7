// Follows the folder of runs: asks for what is new each second, and draws it.

import { COLORS, Chart } from "./chart.js";
import { showDetails } from "./details.js";
import { $, element } from "./dom.js";
import { duration, metrics, newRun, number, place, points, short, status, take } from "./record.js";

const SECONDS = 1, SECONDS_UNSEEN = 5;
const SHOWN_AT_FIRST = 8;
const runs = new Map();
const charts = new Map();
let chosen = null, byHand = false, colored = 0;

async function follow() {
  try {
    if (await fetchNews()) draw();
    connection("live", "live");
  } catch {
    connection("lost", "no answer from hornbill ui: is it still running?");
  }
  drawRuns(); // how long a run has been silent changes without news
  setTimeout(follow, 1000 * (document.hidden ? SECONDS_UNSEEN : SECONDS));
}

function connection(kind, text) {
  $("connection").className = kind;
  $("connection").textContent = text;
}

async function fetchNews() {
  const answer = await get("/runs").then((r) => r.json());
  $("rundir").textContent = $("rundir-again").textContent = answer.rundir;
  let news = false;
  const names = new Set(answer.runs.map((r) => r.name));
  for (const name of runs.keys())
    if (!names.has(name)) news = runs.delete(name);
  for (const { name, bytes } of answer.runs) {
    if (!runs.has(name)) runs.set(name, { ...newRun(name), shown: null });
    while (runs.get(name).offset !== bytes && (await read(runs.get(name)))) news = true;
  }
  return news;
}

// Takes up the next lines of a run. Returns whether there were any.
async function read(run) {
  const answer = await fetch(`/runs/${encodeURIComponent(run.name)}/events?after=${run.offset}`);
  if (answer.status === 416) {
    // Another record took its place.
    Object.assign(run, newRun(run.name));
    return true;
  }
  if (!answer.ok) return false;
  const bytes = await answer.arrayBuffer();
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    let event = null;
    try { event = JSON.parse(line); } catch { continue; } // cut off when its process died
    take(run, event);
  }
  run.offset += bytes.byteLength;
  return bytes.byteLength > 0;
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer;
}

// The newest first; each keeps the color that it has.
function ordered() {
  const list = [...runs.values()].filter((r) => r.first !== null);
  list.sort((a, b) => a.first - b.first);
  for (const run of list)
    run.color ??= COLORS[colored++ % COLORS.length];
  list.reverse().forEach((run, i) => { run.shown ??= i < SHOWN_AT_FIRST; });
  return list;
}

function draw() {
  const list = ordered(), shown = list.filter((r) => r.shown);
  if (!byHand || !runs.has(chosen?.name)) chosen = list[0] ?? null; // the newest
  drawCharts(shown);
  $("details").hidden = !chosen;
  if (chosen) showDetails(chosen, $("axis").value);
}

function drawCharts(shown) {
  const options = { log: $("log-scale").checked, axis: $("axis").value };
  const wanted = new Map(metrics(shown).map((name) => [name, (run) => [
    { key: name, label: run.name, dashed: false },
    { key: `val_${name}`, label: `${run.name} (val)`, dashed: true },
  ].map((s) => ({ ...s, value: (event) => event.logs[s.key] }))]));
  const speed = shown.some((r) => points(r, true).some((e) => e.samples_per_second)) ? "samples" : "steps";
  wanted.set(`${speed} per second`, (run) => [
    { label: run.name, dashed: false, value: (event) => event[`${speed}_per_second`] },
  ]);
  for (const [name, chart] of charts)
    if (!wanted.has(name)) { chart.remove(); charts.delete(name); }
  for (const [name, seriesOf] of wanted) {
    const series = shown.flatMap((run) => {
      const events = points(run, $("within").checked);
      return seriesOf(run).map(({ label, dashed, value }) => ({
        label, dashed, color: run.color,
        points: events
          .filter((e) => value(e) !== undefined)
          .map((e) => [place(run, e, options.axis), number(value(e))])
          .filter(([x]) => x !== null),
      }));
    }).filter((s) => s.points.length);
    if (!series.length && !charts.has(name)) continue;
    if (!charts.has(name)) charts.set(name, new Chart(name));
    const chart = charts.get(name);
    if (chart.figure.parentNode === null) $("charts").append(chart.figure);
    chart.update(series, options);
  }
  // In the order of the metrics, which may come later than others.
  const order = [...wanted.keys()].filter((n) => charts.has(n)).map((n) => charts.get(n).figure);
  if (order.some((figure, i) => $("charts").children[i] !== figure)) $("charts").append(...order);
}

function drawRuns() {
  const list = ordered();
  $("no-runs").hidden = list.length > 0;
  if ($("run-rows").contains(document.activeElement)) {
    const again = document.activeElement.dataset.again;
    fillRuns(list);
    document.querySelector(`[data-again="${CSS.escape(again)}"]`)?.focus();
  } else fillRuns(list);
}

function fillRuns(list) {
  $("run-rows").replaceChildren(...list.map((run) => {
    const box = element("input", { type: "checkbox", checked: run.shown, title: "draw its curves" });
    box.setAttribute("aria-label", `draw the curves of ${run.name}`);
    box.dataset.again = `box ${run.name}`;
    box.onchange = () => { run.shown = box.checked; draw(); };
    const name = element("button", { className: "name", textContent: run.name, title: "show its details" });
    name.dataset.again = `name ${run.name}`;
    name.onclick = () => { chosen = run; byHand = true; draw(); drawRuns(); };
    const swatch = element("span", { className: "swatch" });
    swatch.style.background = run.color;
    const row = element("tr", { className: run === chosen ? "chosen" : "" },
      element("td", {}, box),
      element("td", {}, swatch, name, ...facts(run)));
    row.dataset.run = run.name;
    return row;
  }));
}

function facts(run) {
  const now = Date.now() / 1000, state = status(run, now);
  const news = points(run, true).at(-1);
  const epochs = run.start?.fit?.epochs;
  const epoch = news ? `epoch ${news.epoch + 1}${epochs ? ` of ${epochs}` : ""}` : "starting";
  const step = news ? `step ${short(news.step)}` : "";
  const took = run.last > run.first ? duration(run.last - run.first) : "";
  const line = element("div", { className: "facts" },
    element("span", { textContent: state, className: state === "running" ? "running" : "" }),
    ` · ${[epoch, step, took].filter(Boolean).join(" · ")}`);
  const logs = element("div", { className: "facts" });
  for (const [name, value] of Object.entries(news?.logs ?? {})) {
    if (name.startsWith("learning_rate")) continue;
    const text = element("span", { textContent: `${name} ${short(value)}` });
    if (!Number.isFinite(Number(value))) text.className = "bad";
    logs.append(logs.childNodes.length ? " · " : "", text);
  }
  return [line, logs];
}

for (const id of ["axis", "within", "log-scale"]) $(id).addEventListener("change", draw);
document.addEventListener("details", draw);
follow();
