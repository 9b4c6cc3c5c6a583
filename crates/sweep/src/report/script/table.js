// Sorting, filtering, opening and paging of the table that the page was written with.

const PAGE = innerWidth < 640 ? 8 : 25;

const results = () => {
  const table = one("#results table");
  const bodies = [...table.tBodies];
  const more = one("#more");
  let sorted = { column: null, descending: false }, limit = PAGE;

  const order = (a, b) => {
    const [x, y] = [a, b].map((body) => valueOf(data.groups[body.dataset.group], sorted.column));
    if (x === null || y === null) return (x === null) - (y === null);
    const by = typeof x === "number" && typeof y === "number" ? x - y
      : typeof x === typeof y ? byName(text(x), text(y)) : typeof x === "number" ? -1 : 1;
    return sorted.descending ? -by : by;
  };

  const mark = () => {
    for (const row of table.querySelectorAll("tr[data-cell]")) {
      row.classList.toggle("pinned", page.pins.has(Number(row.dataset.cell)));
    }
  };
  const draw = () => {
    const shown = bodies.filter((body) => page.groups.has(Number(body.dataset.group)));
    if (sorted.column) shown.sort(order);
    [...table.tBodies].forEach((body) => body.remove());
    table.append(...shown.slice(0, limit));
    mark();
    const left = shown.length - limit;
    more.hidden = left <= 0;
    more.firstElementChild.textContent = `show ${Math.min(PAGE, left)} more`;
    more.lastElementChild.textContent = `show all ${shown.length}`;
  };

  for (const header of table.tHead.rows[0].cells) {
    const name = header.dataset.column;
    if (!name) continue;
    header.firstElementChild.addEventListener("click", () => {
      // what is better when it is more is wanted from the top first
      const descending = data.columns[columnAt.get(name)].better === "more";
      sorted = sorted.column === name ? { column: name, descending: !sorted.descending } : { column: name, descending };
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", sorted.descending ? "descending" : "ascending");
      draw();
    });
  }
  for (const body of bodies) {
    const button = body.querySelector("button.open");
    button?.addEventListener("click", () => {
      const opened = body.classList.toggle("opened");
      button.setAttribute("aria-expanded", String(opened));
    });
  }
  more.firstElementChild.addEventListener("click", () => { limit += PAGE; draw(); });
  more.lastElementChild.addEventListener("click", () => { limit = Infinity; draw(); });
  page.listeners.push((pinsOnly) => (pinsOnly ? mark() : draw()));
  const first = table.querySelector(`th[data-column="${data.metric}"] button`);
  if (first) first.click(); else draw();
};

const copyButtons = () => all("button.copy").forEach((button) => button.addEventListener("click", async () => {
  const source = document.getElementById(button.dataset.from);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "copied";
  } catch {
    // browsers that keep the clipboard from files: the text is left selected instead
    getSelection().selectAllChildren(source);
    button.textContent = "selected; copy with Ctrl-C";
  }
}));
