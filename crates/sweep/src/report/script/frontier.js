// Quality against speed: students by what a thousand samples take, the teacher's exact samplers in lanes below.

const SAMPLERS = [
  { op: "teacher_naive", name: "teacher, naive", colour: "var(--naive)" },
  { op: "teacher_jacobi", name: "teacher, Jacobi", colour: "var(--jacobi)" },
  { op: "teacher_incremental", name: "teacher, incremental", colour: "var(--incremental)" },
  { op: "student", name: "student", colour: "var(--student-mark)" },
];
const QUALITIES = [["kl_forward", "KL(p‖q)"], ["kl_reverse", "KL(q‖p)"], ["ess_reverse", "1 − ESS"]];

const secondsOf = (row, op, batch) => {
  const rate = valueOf(row, `speed.${op}.${batch}`);
  return rate === null ? null : 1000 / rate;
};

const frontier = () => {
  const host = one("#frontier-chart");
  if (!host || !data.batches.length) return;
  let batch = data.batches.at(-1), metric = "kl_forward";
  const draw = chart(host, (width) => tradeOff(width, batch, metric));
  const controls = one("#frontier-controls");
  select(controls, QUALITIES.filter(([name]) => columnAt.has(name)), metric, (name) => { metric = name; draw(); }, "quality");
  select(controls, data.batches.map((size) => [String(size), number(size)]), String(batch), (size) => { batch = Number(size); draw(); }, "batch");
  legend(one("#frontier-legend"));
};

const tradeOff = (width, batch, metric) => {
  const cost = (group) => {
    const value = valueOf(group, metric);
    return value === null ? null : metric === "ess_reverse" ? 1 - value : value;
  };
  const groups = data.groups.filter((group, index) => page.groups.has(index) && group.cells.some((cell) => page.shows(cell)));
  const students = groups.map((group) => ({ group, x: secondsOf(group, "student", batch), y: cost(group), error: group.errors[columnAt.get(metric)] ?? 0 }))
    .filter(({ x, y }) => x !== null && y !== null).sort((a, b) => a.x - b.x);
  if (!students.length) return null;
  const lanes = SAMPLERS.slice(0, 3).map((sampler) => ({
    ...sampler, points: groups.map((group) => ({ group, x: secondsOf(group, sampler.op, batch) })).filter(({ x }) => x !== null),
  })).filter(({ points }) => points.length);
  const xs = [...students, ...lanes.flatMap(({ points }) => points)].map(({ x }) => x);
  const ys = students.map(({ y }) => y);
  const label = QUALITIES.find(([name]) => name === metric)[1] + (metric.startsWith("kl") ? ", nats" : "");
  // names stand beside the marks of their lane where there is room, else above them
  const lane = width < 700 ? 34 : 22, foot = lanes.length ? lane * lanes.length + 8 : 0;
  return {
    height: Math.min(480, 330 + width / 10) + foot, foot,
    x: { scale: logarithmic(xs), label: `seconds per 1000 samples, batch ${number(batch)}` },
    y: { scale: (logLike(ys) ? logarithmic : linear)(ys), label },
    draw: (plot) => trade(plot, students, lanes, { lane, label }),
  };
};

const trade = (plot, students, lanes, { lane, label }) => {
  const fastest = least(lanes.flatMap(({ points }) => points.map(({ x }) => x)));
  let best = Infinity;
  const front = students.filter(({ x, y }) => x < fastest && y < best && ((best = y), true));
  const steps = front.flatMap(({ x, y }, i) => [...(i ? [[plot.px(x), plot.py(front[i - 1].y)]] : []), [plot.px(x), plot.py(y)]]);
  if (front.length && fastest < Infinity) steps.push([plot.px(fastest), steps.at(-1)[1]], [plot.px(fastest), plot.bottom + 4]);
  plot.line(steps, { stroke: "var(--soft)", "stroke-width": 1.5, "stroke-dasharray": "5 4" });

  const placed = [];
  for (const { group, x, y, error } of students) {
    const [at, level, colour] = [plot.px(x), plot.py(y), colours().ofGroup(group)];
    if (error > 0) plot.line([[at, plot.py(y - error)], [at, plot.py(y + error)]], { stroke: colour, "stroke-width": 1, "stroke-opacity": 0.5 });
    if (group.baseline === null) plot.dots([[at, level]], colour, front.some((other) => other.group === group) ? 10 : 8);
    else plot.diamond(at, level, colour);
    placed.push({ group, at, level, line: `${label}: ${number(y)}${error > 0 ? ` ± ${number(error, 2)}` : ""}`, seconds: x, who: "student" });
  }
  baselineNames(plot, placed.filter(({ group }) => group.baseline !== null));
  lanes.forEach(({ name, colour, points }, i) => {
    const level = plot.bottom + lane * (i + 1) - 4;
    plot.grid.append(svg("path", { d: `M${plot.left},${level}H${plot.right}` }));
    for (const { group, x } of points) {
      plot.line([[plot.px(x), level - 6], [plot.px(x), level + 6]], { stroke: colour, "stroke-width": 2, "stroke-opacity": 0.6 });
      placed.push({ group, at: plot.px(x), level, line: "exact", seconds: x, who: name });
    }
    const places = points.map(({ x }) => plot.px(x)), exact = `${name}, exact`, wide = WIDE * exact.length;
    const before = least(places) - 8, after = most(places) + 8;
    if (lane > 30) plot.label(exact, plot.left, level - 9, "start", "lane");
    else if (before - plot.left > wide) plot.label(exact, before, level + 4, "end", "lane");
    else plot.label(exact, Math.min(after, plot.right - wide), level + 4, "start", "lane");
  });
  return {
    x: placed.map(({ at }) => at), y: placed.map(({ level }) => level), cellsOf: (i) => placed[i].group.cells,
    at: (i) => {
      const { group, line, seconds, who } = placed[i];
      return { title: who, lines: [line, `${number(seconds, 3)} s per 1000 samples`, ...settings(group), `${group.cells.length} ${group.cells.length === 1 ? "cell" : "seeds"}`] };
    },
    mark: (i, plot) => plot.ring(placed[i].at, placed[i].level, "var(--ink)"),
  };
};

// Beside their diamonds, moved down where two would overlap.
const baselineNames = (plot, baselines) => {
  const taken = [];
  for (const { group, at, level } of baselines.sort((a, b) => a.level - b.level)) {
    const wide = WIDE * group.baseline.length, left = at + wide + 12 > plot.right;
    const from = left ? at - 10 - wide : at + 10;
    let y = level + 4;
    while (taken.some((other) => Math.abs(other.y - y) < 13 && from < other.to && other.from < from + wide)) y += 2;
    taken.push({ y, from, to: from + wide });
    plot.label(group.baseline, left ? at - 10 : at + 10, y, left ? "end" : "start", "pin", plot.marks);
  }
};
