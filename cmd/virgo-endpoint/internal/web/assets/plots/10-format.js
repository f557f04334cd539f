// Values and times for people.
"use strict";
virgo.digits = v => {
  const a = Math.abs(v);
  if (v === Math.trunc(v) && a < 1e5 || a >= 100) return v.toFixed(0);
  if (a >= 10) return String(+v.toFixed(1));
  if (a >= .01) return String(+v.toFixed(2));
  return String(+v.toPrecision(2));
};
// Without a noun it fits an axis.
virgo.format = (v, unit, bare) => {
  if (v == null) return "–";
  const rate = unit.endsWith("/s"), base = rate ? unit.slice(0, -2) : unit, tail = rate ? "/s" : "";
  const scaled = (step, names, noun) => {
    let i = 0;
    while (Math.abs(v) >= step * .9995 && i < names.length - 1) { v /= step; i++; }
    const word = names[i] + (noun ? (names[i] ? " " : "") + noun : "");
    return virgo.digits(v) + (word || tail ? (word ? " " : "") + word + tail : "");
  };
  if (base === "percent") return virgo.digits(v) + " %" + tail;
  if (base === "bytes") return scaled(1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], "");
  if (base === "seconds") {
    const a = Math.abs(v);
    return (a === 0 ? "0 s" : a < 1e-3 ? virgo.digits(v * 1e6) + " µs" : a < 1 ? virgo.digits(v * 1e3) + " ms" : a < 120 ? virgo.digits(v) + " s" :
      a < 7200 ? (v / 60).toFixed(0) + " min" : a < 172800 ? virgo.digits(v / 3600) + " h" : virgo.digits(v / 86400) + " days") + tail;
  }
  return scaled(1000, ["", "k", "M", "G", "T"], bare ? "" : base);
};
virgo.day = d => d.getDate() + " " + "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[d.getMonth()];
// tick is the label of a time on the axis; what would not fit at its end is left out.
virgo.tick = (s, incr, u) => {
  const d = new Date(s * 1000), pad = n => String(n).padStart(2, "0");
  const { min, max } = u.scales.x;
  if (s > max - (max - min) * .02) return "";
  if (incr >= 2419200 && d.getMonth() === 0 && d.getDate() === 1) return String(d.getFullYear());
  if (incr >= 2419200) return virgo.day(d).slice(2 + (d.getDate() > 9));
  if (incr >= 86400 || d.getHours() + d.getMinutes() + d.getSeconds() === 0) return virgo.day(d);
  return pad(d.getHours()) + ":" + pad(d.getMinutes()) + (incr < 60 ? ":" + pad(d.getSeconds()) : "");
};
// period is a span of time.
virgo.period = (from, to) => {
  const a = new Date(from), b = new Date(to), pad = n => String(n).padStart(2, "0"), short = to - from < 600e3;
  const time = d => pad(d.getHours()) + ":" + pad(d.getMinutes()) + (short ? ":" + pad(d.getSeconds()) : "");
  const year = b.getFullYear() === new Date().getFullYear() ? "" : " " + b.getFullYear();
  if (a.toDateString() === b.toDateString()) return virgo.day(a) + year + ", " + time(a) + "–" + time(b);
  if (a.getFullYear() !== b.getFullYear()) return virgo.day(a) + " " + a.getFullYear() + " – " + virgo.day(b) + " " + b.getFullYear();
  if (to - from > 8 * 86400e3) return virgo.day(a) + " – " + virgo.day(b) + year;
  return virgo.day(a) + " " + time(a) + " – " + virgo.day(b) + year + " " + time(b);
};
// moment is a time of a point: the span that it is for, if it is for one.
virgo.moment = (ms, step, span) => {
  const pad = n => String(n).padStart(2, "0"), at = new Date(ms);
  const time = d => pad(d.getHours()) + ":" + pad(d.getMinutes());
  if (step >= 86400e3) return virgo.day(at) + " " + at.getFullYear();
  const date = span > 20 * 3600e3 ? virgo.day(at) + " " : "";
  if (step > 0) return date + time(new Date(Math.floor((ms - 1) / step) * step)) + "–" + time(new Date(Math.floor((ms - 1) / step) * step + step));
  return date + time(at) + ":" + pad(at.getSeconds());
};
