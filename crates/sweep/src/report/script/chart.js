// A chart in SVG that fits its place: axes, marks, the nearest point under the pointer or the arrow keys, a tooltip.

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 6.4; // of a character of a label, about
const REACH = 28; // pixels from the pointer to a point that it means

const svg = (name, attributes, content) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (content !== undefined) made.textContent = content;
  return made;
};
// a single point is a dot: a line of no length with round ends
const path = (points) =>
  points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("") + (points.length === 1 ? "h0" : "");

class Plot {
  // `x` and `y` are { scale, label }; `foot` is room between the panel and its axis
  constructor(width, { x, y, height, foot = 0 }) {
    const ticks = y.scale.ticks(Math.max(3, Math.floor(height / 50)));
    this.left = 12 + Math.max(28, ...ticks.map(({ label }) => WIDE * label.length));
    [this.top, this.right, this.bottom] = [26, width - 14, height - 44 - foot];
    [this.x, this.y, this.width] = [x.scale, y.scale, width];
    this.root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const clip = `clip-${Plot.made = (Plot.made ?? 0) + 1}`;
    const inside = svg("clipPath", { id: clip });
    inside.append(svg("rect", { x: this.left - 6, y: this.top - 6, width: Math.max(0, this.right - this.left + 12), height: Math.max(0, this.bottom - this.top + 12 + foot) }));
    this.grid = svg("g", { class: "grid" });
    this.marks = svg("g", { "clip-path": `url(#${clip})` });
    this.over = svg("g", { "clip-path": `url(#${clip})` });
    this.root.append(inside, this.grid, this.marks, this.over);
    for (const { value, label } of ticks) {
      const at = this.py(value);
      this.grid.append(svg("path", { d: `M${this.left},${at}H${this.right}` }));
      this.label(label, this.left - 6, at + 4, "end");
    }
    const edge = this.bottom + foot;
    this.grid.append(svg("path", { class: "edge", d: `M${this.left},${edge}H${this.right}` }));
    this.label(y.label, 4, 13, "start", "axis");
    this.label(x.label, (this.left + this.right) / 2, edge + 38, "middle", "axis");
    this.ticksBelow(edge);
  }

  ticksBelow(edge) {
    const room = this.right - this.left;
    let fitting = [], shortened = Infinity;
    for (let count = 8; count >= 1; count -= 1) {
      fitting = this.x.ticks(count);
      shortened = Math.floor(room / Math.max(1, fitting.length) / WIDE) - 1;
      if (fitting.every(({ label }) => label.length <= Math.max(shortened, count < 3 ? 6 : 0))) break;
    }
    for (const { value, label } of fitting) {
      const at = this.px(value);
      const short = label.length > shortened ? `${label.slice(0, Math.max(3, shortened - 1))}…` : label;
      this.grid.append(svg("path", { class: "edge", d: `M${at},${edge}v4` }));
      this.label(short, Math.min(at, this.width - WIDE * short.length / 2 - 2), edge + 18, "middle");
    }
  }

  px(value) { return this.left + this.x.place(value) * (this.right - this.left); }
  py(value) { return this.bottom - this.y.place(value) * (this.bottom - this.top); }
  label(content, x, y, anchor, kind = "", host = this.grid) {
    host.append(svg("text", { x, y, "text-anchor": anchor, class: kind }, content));
  }
  line(points, style, host = this.marks) {
    const made = svg("path", { d: path(points), fill: "none", "stroke-linejoin": "round", ...style });
    host.append(made);
    return made;
  }
  // all dots of one colour are one element: a stroke of no length with round ends
  dots(points, colour, size, style = {}, host = this.marks) {
    const d = points.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join("");
    host.append(svg("path", { d, stroke: colour, "stroke-width": size, "stroke-linecap": "round", fill: "none", ...style }));
  }
  diamond(x, y, colour, size = 6, style = {}, host = this.marks) {
    const d = `M${x.toFixed(1)},${(y - size).toFixed(1)}l${size},${size}l-${size},${size}l-${size},-${size}Z`;
    host.append(svg("path", { d, fill: colour, ...style }));
  }
  ring(x, y, colour, host = this.over) {
    host.append(svg("circle", { cx: x, cy: y, r: 6, fill: "none", stroke: colour, "stroke-width": 2 }));
  }
}

// `describe(width)` gives the axes of a Plot and `draw(plot)`, which marks it and returns its targets:
// { x, y: pixels, at(i): { title, lines, cells }, mark(i, plot) }; nothing where there is nothing to show.
const chart = (host, describe) => {
  const tip = element("div", { class: "tip", role: "status", hidden: true });
  host.append(tip);
  host.tabIndex = 0;
  let plot = null, targets = null, current = -1;

  const overlay = () => {
    if (!plot) return;
    plot.over.replaceChildren();
    if (page.pins.size) {
      for (let i = 0; i < targets.x.length; i += 1) {
        if (targets.cellsOf(i).some((cell) => page.pins.has(cell))) targets.mark(i, plot, true);
      }
    }
    if (current >= 0) targets.mark(current, plot, false);
  };

  const show = (index) => {
    if (index === current) return;
    current = index;
    tip.hidden = index < 0;
    overlay();
    if (index < 0) return;
    const { title, lines } = targets.at(index);
    tip.replaceChildren(element("b", {}, title), ...lines.map((line) => element("span", {}, line)));
    const left = targets.x[index] + 14, wide = tip.offsetWidth;
    tip.style.left = `${Math.max(0, left + wide > plot.width ? Math.max(targets.x[index] - wide - 14, 0) : left)}px`;
    tip.style.top = `${targets.y[index] + 14}px`;
  };

  const nearest = (event) => {
    const box = plot.root.getBoundingClientRect(), shrunk = plot.width / box.width;
    const [x, y] = [(event.clientX - box.left) * shrunk, (event.clientY - box.top) * shrunk];
    let [best, least] = [-1, REACH ** 2];
    for (let i = 0; i < targets.x.length; i += 1) {
      const far = (targets.x[i] - x) ** 2 + (targets.y[i] - y) ** 2;
      if (far < least) [best, least] = [i, far];
    }
    return best;
  };

  host.addEventListener("pointermove", (event) => plot && show(nearest(event)));
  host.addEventListener("pointerleave", () => show(-1));
  host.addEventListener("blur", () => show(-1));
  host.addEventListener("click", (event) => {
    const index = plot ? nearest(event) : -1;
    if (index >= 0) page.pin(targets.cellsOf(index));
  });
  host.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 10, ArrowDown: -10 };
    const count = targets?.x.length ?? 0;
    if (event.key in steps && count) show((current + steps[event.key] + count) % count);
    else if (event.key === "Escape") show(-1);
    else if ((event.key === "Enter" || event.key === " ") && current >= 0) page.pin(targets.cellsOf(current));
    else return;
    event.preventDefault();
  });

  const draw = () => {
    const width = Math.floor(host.clientWidth);
    if (!width) return;
    plot?.root.remove();
    host.querySelector(".missing")?.remove();
    [current, tip.hidden] = [-1, true];
    const wanted = describe(width);
    plot = wanted && new Plot(width, wanted);
    host.toggleAttribute("data-empty", !plot);
    if (!plot) {
      host.prepend(element("p", { class: "missing" }, "Nothing that is shown has these numbers."));
      return;
    }
    host.prepend(plot.root);
    targets = wanted.draw(plot);
    overlay();
  };
  // a chart that nobody sees waits until it comes near
  let stale = true, near = false, wide = 0;
  const refresh = () => {
    stale = !(near || page.printing);
    if (!stale) draw();
  };
  page.listeners.push((pinsOnly) => (pinsOnly ? overlay() : refresh()));
  new IntersectionObserver(([entry]) => {
    near = entry.isIntersecting;
    if (near && stale) refresh();
  }, { rootMargin: "400px" }).observe(host);
  new ResizeObserver(() => {
    if (Math.floor(host.clientWidth) === wide) return;
    wide = Math.floor(host.clientWidth);
    // not at once: a drawn chart changes the size of what is being observed
    requestAnimationFrame(refresh);
  }).observe(host);
  return refresh;
};
