// What a run's record says, gathered from its lines. docs/ui.md names the fields.

export const newRun = (name) => ({
  name, offset: 0, start: null, model: null, end: null, last: null, first: null,
  epochs: [], steps: [], weights: [], log: [],
});

// Takes up one line of the record.
export function take(run, event) {
  run.last = event.time;
  run.first ??= event.time;
  if (event.kind === "start") {
    // It goes on from a step: what an earlier, broken-off stretch wrote of later ones is void.
    for (const list of [run.epochs, run.steps, run.weights])
      while (list.length && list.at(-1).step > event.step) list.pop();
    run.start = event;
    run.end = null;
  } else if (event.kind === "epoch") run.epochs.push(event);
  else if (event.kind === "steps") run.steps.push(event);
  else if (event.kind === "weights") run.weights.push(event);
  else if (event.kind === "log") run.log.push(event);
  else if (event.kind === "model") run.model = event;
  else if (event.kind === "end") run.end = event;
}

// The points to draw: each epoch's end, and of the running epoch (or of all) what lies within.
export function points(run, within) {
  const done = run.epochs.at(-1)?.step ?? -1;
  const inner = within ? run.steps : run.steps.filter((e) => e.step > done);
  return [...run.epochs, ...inner].sort((a, b) => a.step - b.step || a.time - b.time);
}

// Where a point lies on the axis: its step, its (broken) epoch, or the minutes since the beginning.
export function place(run, event, axis) {
  if (axis === "step") return event.step;
  if (axis === "time") return (event.time - run.first) / 60;
  if (event.kind === "epoch" || event.kind === "weights") return event.epoch + 1;
  const before = run.epochs.findLast((e) => e.epoch < event.epoch && e.step < event.step);
  const length = run.start?.fit?.steps;
  return length ? event.epoch + Math.min((event.step - (before?.step ?? 0)) / length, 1) : null;
}

// NaN and infinity stand in the record as text.
export const number = (value) => (value === undefined || value === null ? null : Number(value));

export function metrics(runs) {
  const names = new Set();
  for (const run of runs)
    for (const event of [...run.epochs, ...run.steps.slice(-1)])
      for (const name of Object.keys(event.logs)) names.add(name.replace(/^val_/, ""));
  const order = (name) => (name === "loss" ? 0 : name.startsWith("learning_rate") ? 2 : 1);
  return [...names].sort((a, b) => order(a) - order(b));
}

const QUIET_SECONDS = 30;

export function status(run, now) {
  if (run.end) return run.end.stopped ? "stopped" : "finished";
  const silence = now - (run.last ?? now);
  return silence < QUIET_SECONDS ? "running" : `silent for ${duration(silence)}`;
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

// A number in few signs.
export function short(value) {
  if (value === null || value === undefined) return "";
  const x = Number(value), size = Math.abs(x);
  if (!Number.isFinite(x)) return String(x);
  if (size >= 1e9 || (size > 0 && size < 1e-3)) return x.toExponential(2);
  if (size >= 1e6) return `${Number((x / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((x / 1e3).toPrecision(3))}k`;
  return String(Number(x.toPrecision(4)));
}
