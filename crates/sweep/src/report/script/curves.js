// Learning curves of all cells, one over the other.

const curves = () => {
  for (const [stage, label] of [["student", "Student"], ["teacher", "Teacher"]]) {
    const host = one(`#curves-${stage}`), own = data.curves[stage];
    if (!host || !own.length) continue;
    const measures = [...new Set(own.flatMap((curve) => Object.keys(curve.measures)))];
    let measure = measures.includes(data.metric) ? data.metric : measures[0];
    const named = (name) => (name === "validation" ? (stage === "teacher" ? "negative log-likelihood" : "validation") : data.columns[columnAt.get(name)]?.label ?? name);
    const draw = chart(host, () => {
      const shown = own.map((curve) => ({ ...curve, cells: curve.cells.filter((cell) => page.shows(cell)) }))
        .filter((curve) => curve.cells.length && curve.measures[measure]);
      return shown.length ? learning(shown, measure, `${label}, ${named(measure)}`) : null;
    });
    if (measures.length > 1) {
      select(one(`#curves-${stage}-controls`), measures.map((name) => [name, named(name)]), measure, (name) => {
        measure = name;
        draw();
      }, "measure");
    }
  }
  legend(one("#curves-legend"));
};

const learning = (shown, measure, label) => {
  const last = most(shown.map(({ steps }) => data.curves.steps[steps].at(-1)));
  const every = shown.flatMap(({ steps, measures }) => measures[measure].map((value, i) => [data.curves.steps[steps][i], value]))
    .filter(([, value]) => value !== null);
  const values = every.map(([, value]) => value);
  // on a linear axis the first steps would leave no room for the others
  const later = every.filter(([step]) => step >= 0.1 * last).map(([, value]) => value);
  const log = measure.startsWith("kl") || logLike(values, 1.5);
  const y = log && values.some((value) => value > 0) ? logarithmic(values) : linear(later.length ? later : values);
  const x = linear([0, last], { low: 0, high: last });
  return {
    height: 380, x: { scale: x, label: "step" }, y: { scale: y, label },
    draw: (plot) => {
      const lines = shown.map(({ steps, measures, cells }) => ({
        cells,
        points: measures[measure].flatMap((value, i) => (value === null ? [] : [[plot.px(data.curves.steps[steps][i]), plot.py(value), i]])),
      }));
      const faint = { "stroke-width": 1.3, "stroke-opacity": Math.max(0.25, Math.min(0.9, 12 / Math.sqrt(lines.length * 8))) };
      for (const { cells, points } of lines) {
        if (points.length === 1) plot.dots(points, colours().ofCells(cells), 5);
        else plot.line(points, { stroke: colours().ofCells(cells), ...faint });
      }
      const targets = lines.flatMap((line, index) => line.points.map(([x, y, i]) => ({ x, y, i, line, curve: shown[index] })));
      const bold = (line, host, width) => plot.line(line.points, { stroke: colours().ofCells(line.cells), "stroke-width": width }, host);
      return {
        x: targets.map(({ x }) => x), y: targets.map(({ y }) => y), cellsOf: (i) => targets[i].line.cells,
        at: (i) => {
          const { i: at, line, curve } = targets[i], { title, lines } = naming(line.cells[0]);
          const others = line.cells.length > 1 ? [`and ${line.cells.length - 1} more cells with this teacher`] : [];
          const here = `step ${number(data.curves.steps[curve.steps][at])}: ${number(curve.measures[measure][at])}`;
          return { title, lines: [here, ...others, ...lines] };
        },
        mark: (i, plot, pinned) => {
          const { line, x, y } = targets[i];
          // a pinned curve is drawn once, at its last point
          if (pinned && targets[i + 1]?.line === line) return;
          bold(line, plot.over, pinned ? 2.6 : 3.4);
          if (pinned) plot.label(data.cells[line.cells[0]].name, plot.right - 2, y - 6, "end", "pin", plot.over);
          else plot.ring(x, y, "var(--ink)");
        },
      };
    },
  };
};
