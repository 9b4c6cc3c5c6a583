// Colours by the value of one key: a set for names that common colour vision tells apart, a scale for numbers.

const dark = matchMedia("(prefers-color-scheme: dark)");
const NAMES = {
  light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8c6d31"],
  dark: ["#63b8ee", "#f59a55", "#3ccba0", "#e7a5c8", "#f2c14e", "#9bd3f5", "#b79ad0", "#cbb07a"],
};
// viridis without the ends that vanish on either ground
const SCALE = {
  light: [[68, 1, 84], [59, 82, 139], [33, 145, 140], [74, 180, 90], [170, 185, 20]],
  dark: [[150, 120, 220], [90, 150, 225], [50, 190, 180], [120, 215, 100], [250, 230, 60]],
};
const theme = () => (dark.matches && !page.printing ? "dark" : "light");

const between = (stops, share) => {
  const place = share * (stops.length - 1), low = Math.min(Math.floor(place), stops.length - 2);
  return `rgb(${stops[low].map((from, i) => Math.round(from + (place - low) * (stops[low + 1][i] - from)))})`;
};

const INK = "var(--ink)"; // of baselines

let known = null;

// The values of the chosen key, each with its colour; baselines have the ink's.
const colours = () => {
  const key = page.colourKey;
  if (known?.key === key && known.theme === theme()) return known;
  const values = new Map();
  for (const group of data.groups.filter((group) => group.baseline === null)) {
    const value = key ? valueOf(group, key) : null;
    if (value !== null) values.set(text(value), value);
  }
  const numeric = [...values.values()].every((value) => typeof value === "number");
  const names = [...values].sort(([a, x], [b, y]) => (numeric ? x - y : byName(a, b))).map(([name]) => name);
  const of = new Map(names.map((name, index) => {
    const listed = NAMES[theme()], share = names.length > 1 ? index / (names.length - 1) : 0.3;
    return [name, numeric || names.length > listed.length ? between(SCALE[theme()], share) : listed[index]];
  }));
  const nameOf = (group) => (group.baseline !== null ? "baseline" : key ? text(valueOf(group, key)) : "all");
  if (data.groups.some((group) => group.baseline !== null)) of.set("baseline", INK);
  known = {
    key, theme: theme(), of, nameOf,
    ofGroup: (group) => of.get(nameOf(group)) ?? NAMES[theme()][0],
    // of what several cells share: theirs, where they agree
    ofCells: (cells) => {
      const each = new Set(cells.map((cell) => known.ofGroup(data.groups[data.cells[cell].group])));
      return each.size === 1 ? [...each][0] : "var(--soft)";
    },
  };
  return known;
};

// Buttons that switch the values of the colour key on and off.
const legend = (host) => {
  const draw = () => {
    const focused = [...host.children].indexOf(document.activeElement);
    host.replaceChildren(element("span", { class: "soft" }, page.colourKey ?? ""), ...[...colours().of].map(([name, colour]) => element("button", {
      type: "button", class: colour === INK ? "key-button diamond" : "key-button", "aria-pressed": String(!page.hidden.has(name)), style: `--mark: ${colour}`,
      onclick: () => {
        if (!page.hidden.delete(name)) page.hidden.add(name);
        page.changed();
      },
    }, name)));
    host.children[focused]?.focus();
  };
  page.listeners.push(draw);
  draw();
};
