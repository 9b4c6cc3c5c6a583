// The language of `flowstill results --filter`, over rows; words without a sign are looked for in what a row says.

const SIGNS = ["<=", ">=", "!=", "==", "<", ">", "="];
const OF_CELLS = new Set(["cell", "state", "seed", "stage", "reason", "host"]);

const compare = (sign, value, wanted) => {
  const size = Number(wanted);
  const same = typeof value === "number" ? value === size : text(value) === wanted.replace(/,\s+/g, ",");
  switch (sign) {
    case "=": case "==": return value !== null && same;
    case "!=": return value === null || !same;
    case "<": return typeof value === "number" && value < size;
    case "<=": return typeof value === "number" && value <= size;
    case ">": return typeof value === "number" && value > size;
    default: return typeof value === "number" && value >= size;
  }
};

// A function of a group, or the sentence that says what is wrong.
const condition = (written) => {
  const at = written.search(/[<>=!]/);
  const sign = at < 0 ? undefined : SIGNS.find((sign) => written.startsWith(sign, at));
  if (!sign) {
    const word = written.trim().toLowerCase();
    const says = (group) => [group.baseline ?? "", ...settings(group), ...group.cells.map((cell) => data.cells[cell].name)];
    return { holds: (group) => says(group).some((part) => part.toLowerCase().includes(word)) };
  }
  const name = written.slice(0, at).trim(), wanted = written.slice(at + sign.length).trim();
  if (!columnAt.has(name)) return { wrong: `unknown column “${name}”` };
  if (wanted === "") return { wrong: `expected a value after “${name}${sign}”` };
  if (/[<>]/.test(sign) && !Number.isFinite(Number(wanted))) return { wrong: `expected a number after “${name}${sign}”` };
  return { holds: (group) => (OF_CELLS.has(name) ? group.cells.map((cell) => data.cells[cell]) : [group])
    .some((row) => compare(sign, valueOf(row, name), wanted)) };
};

const filterBar = () => {
  const input = one("#filter"), said = one("#shown");
  const apply = () => {
    const parts = input.value.split(" and ").filter((part) => part.trim()).map(condition);
    const wrong = parts.find((part) => part.wrong)?.wrong;
    input.toggleAttribute("aria-invalid", Boolean(wrong));
    if (wrong) {
      said.textContent = wrong;
      return;
    }
    page.groups = new Set(data.groups.flatMap((group, index) => (parts.every((part) => part.holds(group)) ? [index] : [])));
    const whole = data.groups.length, rows = data.over_seeds ? "settings" : "cells";
    said.textContent = page.groups.size === whole ? `all ${number(whole)} ${rows}` : `${number(page.groups.size)} of ${number(whole)} ${rows}`;
    page.changed();
  };
  input.addEventListener("input", apply);
  input.form.addEventListener("submit", (event) => event.preventDefault());
  const coloured = [...data.keys.map((key) => [key, key])];
  if (coloured.length) {
    select(one("#colour"), coloured, page.colourKey, (key) => {
      page.colourKey = key;
      page.hidden.clear();
      page.changed();
    }, "colour by");
  }
  apply();
};

// The cells that were clicked, with links and a way to let go of them.
const pinBar = () => {
  const host = one("#pins");
  page.listeners.push(() => host.replaceChildren(...[...page.pins].map((index) => {
    const cell = data.cells[index];
    const name = cell.report ? element("a", { href: cell.report }, cell.name) : cell.name;
    const off = element("button", { type: "button", "aria-label": `unpin ${cell.name}`, onclick: () => page.pin([index]) }, "×");
    return element("li", { style: `--mark: ${colours().ofCells([index])}` }, name, off);
  })));
};
