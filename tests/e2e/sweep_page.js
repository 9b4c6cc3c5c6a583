// What a reader does with the report of a sweep; what came of it is left in the page for the test to read.
// A frame that is not done loading keeps the browser waiting until then.
const waiting = document.body.appendChild(document.createElement("iframe"));
waiting.contentDocument.open();
(async () => {
  const found = {};
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const column = (name) => all("#results thead th").findIndex((header) => header.dataset.column === name);
  const shown = (name) => all("#results tbody > tr:first-child").map((row) => row.cells[column(name)].textContent);
  const sort = (name) => one(`#results th[data-column="${name}"] button`).click();
  const filter = (text) => {
    one("#filter").value = text;
    one("#filter").dispatchEvent(new Event("input"));
  };
  const until = async (holds) => {
    for (let frame = 0; frame < 1000 && !holds(); frame += 1) await new Promise(requestAnimationFrame);
  };
  // the chart, once it is drawn, with a way to point at one of its dots
  const chart = async (selector) => {
    const host = one(selector);
    await until(() => host.querySelector("svg"));
    const dots = [...host.querySelectorAll('path[stroke-linecap="round"]')].flatMap((path) =>
      [...path.getAttribute("d").matchAll(/M([\d.]+),([\d.]+)h0/g)].map(([, x, y]) => [Number(x), Number(y)]));
    const at = (type, [x, y]) => {
      const box = host.querySelector("svg").getBoundingClientRect();
      host.dispatchEvent(new PointerEvent(type, { clientX: box.left + x, clientY: box.top + y, bubbles: true }));
    };
    const tip = host.querySelector(".tip");
    return { host, dots, at, said: () => (tip.hidden ? "" : tip.textContent) };
  };

  found.first = shown("kl_forward");
  sort("kl_forward");
  found.falling = shown("kl_forward");
  sort("teacher.layers");
  found.layers = shown("teacher.layers");
  one("#more").lastElementChild.click();
  found.all = shown("state").length;

  found.counts = FILTERS.map((text) => {
    filter(text);
    return shown("state").length;
  });
  filter("kl_foward<1");
  found.wrong = one("#shown").textContent;
  found.kept = shown("state").length;
  filter("");

  const open = one("#results button.open");
  open.click();
  found.opened = [open.getAttribute("aria-expanded"), open.closest("tbody").querySelectorAll("tr.single")[1].offsetParent !== null];

  const effect = await chart("#effects-charts .chart");
  found.dots = effect.dots.length;
  effect.at("pointermove", effect.dots[0]);
  found.hover = effect.said();
  effect.at("click", effect.dots[0]);
  found.pinned = [all("#pins li").length, all("#results tr.pinned").length];
  effect.at("pointermove", [-100, -100]);
  found.away = effect.said();
  effect.host.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  found.arrow = effect.said();
  const layers = await chart("#effects-charts .chart:nth-child(2)");
  found.diamonds = [...layers.host.querySelectorAll("path")].filter((path) => path.getAttribute("d").endsWith("Z")).length;
  one("#effects-legend button").click();
  found.fewer = (await chart("#effects-charts .chart")).dots.length;
  one("#effects-legend button").click();

  found.charts = {};
  for (const host of all(".chart")) {
    await until(() => host.querySelector("svg"));
    found.charts[host.getAttribute("aria-label")] = host.querySelectorAll("svg path").length;
  }
  const curves = await chart("#curves-student");
  const [, x, y] = curves.host.querySelector("g[clip-path] path").getAttribute("d").match(/M([\d.]+),([\d.]+)/);
  curves.at("pointermove", [Number(x), Number(y)]);
  found.curve = curves.said();
  found.numbers = all(".chart svg").every((svg) => !svg.outerHTML.includes("NaN"));
  const copy = one("button.copy");
  copy.click();
  await until(() => !copy.textContent.startsWith("copy"));
  found.copy = copy.textContent;
  waiting.hidden = true;
  found.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  // before anything is scrolled, no caption reaches beyond what is seen of its table
  found.cut = Math.max(...all(".scroll caption span").map((caption) =>
    caption.getBoundingClientRect().right - caption.closest(".scroll").getBoundingClientRect().right));
  document.body.append(Object.assign(document.createElement("pre"), { id: "found", textContent: JSON.stringify(found) }));
})().finally(() => waiting.remove());
