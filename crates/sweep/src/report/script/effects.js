// For each varied key, a metric against its values: every cell a point, mean and standard deviation per value.

const effects = () => {
  const metrics = data.columns.filter((column) => column.kind === "metric" || column.kind === "speed").map(({ name }) => name);
  if (!metrics.length || !data.keys.length) return;
  let metric = data.metric ?? metrics[0];
  const draws = [];
  select(one("#effects-controls"), metrics.map((name) => [name, data.columns[columnAt.get(name)].label]), metric, (name) => {
    metric = name;
    draws.forEach((draw) => draw());
  }, "metric");
  legend(one("#effects-legend"));

  for (const key of data.keys) {
    const host = element("div", { class: "card chart", role: "group", "aria-label": `Effect of ${key}` });
    one("#effects-charts").append(host);
    draws.push(chart(host, () => {
      const cells = data.cells.flatMap((cell, index) => {
        const [x, y] = [valueOf(cell, key), valueOf(cell, metric)];
        return x !== null && y !== null && page.shows(index) ? [{ index, x, y, baseline: data.groups[cell.group].baseline !== null }] : [];
      });
      if (!cells.length) return null;
      const ys = cells.map(({ y }) => y);
      const numeric = cells.every(({ x }) => typeof x === "number");
      const values = [...new Set(cells.map(({ x }) => (numeric ? x : text(x))))].sort((a, b) => (numeric ? a - b : byName(a, b)));
      const x = { scale: numeric ? chosen(values) : categories(values), label: key };
      // a log-likelihood is a logarithm already
      const log = !metric.endsWith("log_likelihood") && logLike(ys);
      const y = { scale: (log ? logarithmic : linear)(ys), label: labelOf(metric) };
      return { x, y, height: 290, draw: (plot) => points(plot, cells, values, { numeric, log, metric }) };
    }));
  }
};

const points = (plot, cells, values, { numeric, log, metric }) => {
  // beside each other as far as their neighbours leave room, always in the same way
  const room = Math.min(22, 0.3 * (plot.right - plot.left) / values.length);
  const placed = cells.map(({ index, x, y, baseline }) => ({
    index, baseline, y: plot.py(y), x: plot.px(numeric ? x : text(x)) + room * (((index * 0.618034) % 1) - 0.5) * (values.length > 20 ? 0 : 1),
  })).sort((a, b) => a.x - b.x);
  const varied = placed.filter(({ baseline }) => !baseline);
  for (const colour of new Set(varied.map(({ index }) => colours().ofCells([index])))) {
    const own = varied.filter(({ index }) => colours().ofCells([index]) === colour);
    plot.dots(own.map(({ x, y }) => [x, y]), colour, 6, { "stroke-opacity": 0.55 });
  }
  if (values.length <= 20) {
    // baselines differ in more than this key
    const counted = (cell, value) => !cell.baseline && (numeric ? cell.x : text(cell.x)) === value;
    for (const value of values) spread(plot, cells.filter((cell) => counted(cell, value)).map(({ y }) => y), plot.px(value), log);
  }
  for (const { x, y } of placed.filter(({ baseline }) => baseline)) plot.diamond(x, y, "var(--ink)", 4, { "fill-opacity": 0.7 });
  return {
    x: placed.map(({ x }) => x), y: placed.map(({ y }) => y), cellsOf: (i) => [placed[i].index],
    at: (i) => {
      const { title, lines } = naming(placed[i].index);
      return { title, lines: [`${labelOf(metric)}: ${number(valueOf(data.cells[placed[i].index], metric))}`, ...lines] };
    },
    mark: (i, plot) => plot.ring(placed[i].x, placed[i].y, "var(--ink)"),
  };
};

// Mean and standard deviation over n − 1; of the logarithms where the axis shows these.
const spread = (plot, numbers, x, log) => {
  if (!numbers.length) return;
  const [to, from] = log ? [Math.log, Math.exp] : [(value) => value, (value) => value];
  const mean = numbers.reduce((sum, value) => sum + to(value), 0) / numbers.length;
  const sd = Math.sqrt(numbers.reduce((sum, value) => sum + (to(value) - mean) ** 2, 0) / (numbers.length - 1));
  const ink = { stroke: "var(--ink)", "stroke-width": 2 };
  if (numbers.length > 1) plot.line([mean - sd, mean + sd].map((end) => [x, plot.py(from(end))]), ink);
  plot.line([[x - 9, plot.py(from(mean))], [x + 9, plot.py(from(mean))]], { ...ink, "stroke-width": 3 });
};
