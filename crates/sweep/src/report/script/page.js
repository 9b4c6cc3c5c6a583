// What all parts of the page share: the data, which cells are shown, pinned and coloured how, and who wants to know.

const data = JSON.parse(document.getElementById("data").textContent);
const all = (selector) => [...document.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);

const columnAt = new Map(data.columns.map((column, index) => [column.name, index]));
const valueOf = (cellOrGroup, name) => cellOrGroup.values[columnAt.get(name)] ?? null;
const labelOf = (name) => {
  const column = data.columns[columnAt.get(name)];
  return column.unit ? `${column.label}, ${column.unit}` : column.label;
};
data.groups.forEach((group, index) => group.cells.forEach((cell) => (data.cells[cell].group = index)));

const page = {
  groups: new Set(data.groups.keys()), // rows for which the filter holds
  hidden: new Set(),                   // values of the colour key that the legend has switched off
  pins: new Set(),                     // indices of cells
  colourKey: data.colour_key,
  listeners: [],
  // what a listener is told is whether nothing but pins is new
  changed(pinsOnly = false) { this.listeners.forEach((listener) => listener(pinsOnly)); },
  shows(cell) {
    const { group } = data.cells[cell];
    return this.groups.has(group) && !this.hidden.has(colours().nameOf(data.groups[group]));
  },
  pin(cells) {
    const known = cells.every((cell) => this.pins.has(cell));
    cells.forEach((cell) => (known ? this.pins.delete(cell) : this.pins.add(cell)));
    this.changed(true);
  },
};

const element = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
};

// As in the table: a true minus sign, no more digits than help.
const number = (value, digits = 4) => {
  if (typeof value !== "number") return value === null ? "–" : text(value);
  const size = Math.abs(value);
  const plain = size === 0 || (size >= 1e-4 && size < 1e7);
  const written = plain ? String(Number(value.toPrecision(Math.max(digits, plain ? Math.ceil(Math.log10(size + 1)) : 0))))
    : value.toExponential(digits - 2);
  const [whole, rest] = written.split(".");
  const grouped = whole.length > 4 && plain ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return (rest === undefined ? grouped : `${grouped}.${rest}`).replaceAll("-", "−");
};
const text = (value) => (value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value));

// 9 before 10, in lists too.
const byName = new Intl.Collator("en", { numeric: true }).compare;

// The settings of a cell or group in words.
const settings = (group) => {
  const given = data.keys.filter((key) => valueOf(group, key) !== null);
  const words = given.map((key) => `${key} = ${text(valueOf(group, key))}`);
  return group.baseline === null ? words : [`baseline ${group.baseline}`, ...words];
};

// Who a cell is and how far it came, for tooltips.
const naming = (cell) => {
  const { name, seed, state, group } = data.cells[cell];
  return { title: name, lines: [...settings(data.groups[group]), `seed ${seed}, ${state}`] };
};

const select = (host, options, chosen, onchange, label) => {
  const made = element("select", { onchange: () => onchange(made.value) },
    ...options.map(([value, shown]) => element("option", { value, selected: value === chosen }, shown)));
  host.append(element("label", {}, `${label} `, made));
};
