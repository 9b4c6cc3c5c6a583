// Where the dimension of the data varies: how each sampler's rate falls with it.

const dimensions = () => {
  const host = one("#dimensions-chart");
  if (!host) return;
  let batch = data.batches.at(-1);
  const draw = chart(host, () => {
    const points = SAMPLERS.flatMap((sampler) => data.cells.flatMap((cell, index) => {
      const rate = valueOf(cell, `speed.${sampler.op}.${batch}`);
      return rate !== null && page.shows(index) && data.groups[cell.group].baseline === null ? [{ sampler, index, dim: cell.dim, rate }] : [];
    }));
    if (!points.length) return null;
    const dims = [...new Set(points.map(({ dim }) => dim))].sort((a, b) => a - b);
    return {
      height: 400,
      x: { scale: chosen(dims), label: "dimension of the data" },
      y: { scale: logarithmic(points.map(({ rate }) => rate)), label: `samples per second, batch ${number(batch)}` },
      draw: (plot) => rates(plot, points, dims, batch),
    };
  });
  select(one("#dimensions-controls"), data.batches.map((size) => [String(size), number(size)]), String(batch), (size) => { batch = Number(size); draw(); }, "batch");
  one("#dimensions-legend").append(...SAMPLERS.map(({ name, colour }) => element("span", { class: "key-mark", style: `--mark: ${colour}` }, name)));
};

const rates = (plot, points, dims, batch) => {
  for (const { op, colour } of SAMPLERS) {
    const own = points.filter(({ sampler }) => sampler.op === op);
    plot.dots(own.map(({ dim, rate }) => [plot.px(dim), plot.py(rate)]), colour, 5, { "stroke-opacity": 0.35 });
    const means = dims.flatMap((dim) => {
      const logs = own.filter((point) => point.dim === dim).map(({ rate }) => Math.log(rate));
      return logs.length ? [[plot.px(dim), plot.py(Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length))]] : [];
    });
    if (means.length) plot.line(means, { stroke: colour, "stroke-width": 2.5 });
  }
  return {
    x: points.map(({ dim }) => plot.px(dim)), y: points.map(({ rate }) => plot.py(rate)), cellsOf: (i) => [points[i].index],
    at: (i) => {
      const { sampler, index, rate, dim } = points[i], { title, lines } = naming(index);
      return { title: `${sampler.name}: ${number(rate, 3)} samples/s`, lines: [`dimension ${dim}, batch ${number(batch)}`, title, ...lines] };
    },
    mark: (i, plot) => plot.ring(plot.px(points[i].dim), plot.py(points[i].rate), "var(--ink)"),
  };
};
