// From values to places between 0 and 1, and the ticks of an axis.

const finite = (values) => values.filter((value) => typeof value === "number" && Number.isFinite(value));
// not by Math.min(...values), which ends with a full stack for the points of a thousand curves
const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

// Whether numbers lie as on a logarithmic axis: above zero and over more than a decade.
const logLike = (values, decades = 1) => {
  const numbers = finite(values);
  return numbers.length > 1 && least(numbers) > 0 && most(numbers) / least(numbers) >= 10 ** decades * 0.999;
};

const linear = (values, { pad = 0.06, low, high } = {}) => {
  const numbers = finite(values);
  let from = low ?? least(numbers), to = high ?? most(numbers);
  if (!(to > from)) [from, to] = [from - 0.5, from + 0.5];
  const room = pad * (to - from);
  [from, to] = [low ?? from - room, high ?? to + room];
  const place = (value) => (value - from) / (to - from);
  const ticks = (count) => {
    const rough = (to - from) / count, unit = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * unit).find((step) => step >= rough * 0.999);
    const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const first = Math.ceil(from / step - 1e-9), last = Math.floor(to / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
      .map((value) => ({ value, label: number(Number(value.toFixed(decimals + 2)), 6) }));
  };
  return { place, ticks };
};

// What is not above zero lies on the lower edge.
const logarithmic = (values, { pad = 0.05 } = {}) => {
  const above = finite(values).filter((value) => value > 0);
  let from = Math.log(least(above)), to = Math.log(most(above));
  if (!(to > from + 0.1)) [from, to] = [from - Math.LN2, to + Math.LN2];
  const room = pad * (to - from);
  [from, to] = [from - room, to + room];
  const place = (value) => (value > 0 ? Math.max(0, (Math.log(value) - from) / (to - from)) : 0);
  const ticks = (count) => {
    const first = Math.floor(from / Math.LN10), last = Math.ceil(to / Math.LN10);
    const of = (factors) => Array.from({ length: last - first + 1 }, (_, i) => first + i)
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((value) => Math.log(value) > from - 1e-9 && Math.log(value) < to + 1e-9);
    const found = [of([1]), of([1, 3]), of([1, 2, 5])].find((values) => values.length >= 3) ?? of([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const stride = Math.ceil(found.length / Math.max(count, 2));
    return found.filter((_, index) => index % stride === 0).map((value) => ({ value, label: number(value, 3) }));
  };
  return { place, ticks };
};

// Values side by side, by their names.
const categories = (names) => {
  const index = new Map(names.map((name, i) => [name, i]));
  return {
    place: (name) => (index.get(name) + 0.5) / names.length,
    ticks: (count) => {
      const stride = Math.ceil(names.length / count);
      return names.filter((_, i) => i % stride === 0).map((name) => ({ value: name, label: name }));
    },
  };
};

// Numbers that were chosen, such as 2, 5, 10: each has its tick as long as there is room.
const chosen = (values) => {
  const scale = (logLike(values) ? logarithmic : linear)(values, { pad: 0.12 });
  const ticks = (count) => (values.length <= count ? values.map((value) => ({ value, label: number(value) })) : scale.ticks(count));
  return { ...scale, ticks };
};
