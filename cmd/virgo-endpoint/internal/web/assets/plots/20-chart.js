// One plot: a uPlot with its title, and a legend that says the values under the cursor.
"use strict";
virgo.Chart = class {
  // group has what the plots of a page share, host is the name of the host where there are two.
  constructor(plot, doc, group, host) {
    this.group = group;
    const make = (name, cls, parent, text) => {
      const e = document.createElement(name);
      if (cls) e.className = cls;
      if (text) e.textContent = text;
      if (parent) parent.append(e);
      return e;
    };
    this.make = make;
    const figure = this.element = make("figure", "plot");
    const caption = make("figcaption", "", figure);
    const h = make("h3", "", caption, plot.title);
    if (plot.dimension) make("span", "", h, " " + plot.dimension);
    if (host) make("span", "of", caption, host);
    else if (plot.check_id) {
      const of = make("a", "of", caption, plot.check_id);
      of.href = virgo.address({ check: plot.check_id, plot: group.one ? "" : plot.id.slice(plot.check_id.length + 1) });
      of.title = group.one ? "All plots of this check" : "This plot alone";
    }
    make("p", "", caption, plot.sentence);
    this.canvas = make("div", "canvas", figure);
    this.legend = make("div", "legend", figure);
    this.update(plot, doc);
  }

  // update shows other data; the cursor stays where it is.
  update(plot, doc) {
    this.plot = plot;
    this.doc = doc;
    let at = 0;
    const x = this.x = plot.x.map(d => (at += d) / 1000);
    const late = this.isLate = new Uint8Array(x.length);
    for (const [from, to] of plot.late) late.fill(1, from, to + 1);
    const data = [x], kinds = [];
    plot.series.forEach((line, n) => {
      if (line.hi) {
        data.push(line.hi, line.lo);
        kinds.push([n, "hi"], [n, "lo"]);
      }
      data.push(plot.late.length ? line.y.map((v, i) => late[i] ? null : v) : line.y);
      kinds.push([n, "line"]);
      if (plot.late.length) { // shares the points at its ends with the other, so that the line is whole
        data.push(line.y.map((v, i) => late[i] || late[i - 1] || late[i + 1] ? v : null));
        kinds.push([n, "late"]);
      }
    });
    const shape = kinds.map(k => k.join("")).join() + plot.series.map(s => s.name).join();
    this.data = data;
    this.kinds = kinds;
    if (shape !== this.shape) {
      this.shape = shape;
      this.hidden = new Set();
      this.names();
      if (this.u) this.draw();
    } else if (this.u) {
      this.u.setData(data, false);
      this.u.setScale("x", { min: doc.first_ms / 1000, max: doc.to_ms / 1000 });
    }
    this.say(null);
  }

  // names makes the legend.
  names() {
    const { make, plot } = this;
    this.legend.replaceChildren();
    this.values = plot.series.map((line, n) => {
      const b = make("button", "l" + (n % 8 + 1), this.legend);
      b.type = "button";
      b.title = "Show or hide";
      b.setAttribute("aria-pressed", "true");
      make("i", "", b);
      if (plot.series.length > 1 || line.name !== plot.dimension) make("span", "", b, line.name);
      b.onclick = () => {
        const hide = !this.hidden.has(n);
        hide ? this.hidden.add(n) : this.hidden.delete(n);
        b.setAttribute("aria-pressed", String(!hide));
        if (this.u) this.kinds.forEach(([of], i) => { if (of === n) this.u.setSeries(i + 1, { show: !hide }); });
      };
      return make("b", "", b);
    });
    for (const t of plot.thresholds) make("em", t.state.toLowerCase(), this.legend, (t.above ? "over " : "under ") + virgo.format(t.value, plot.unit)).title = "Alarm " + t.rule;
  }

  // say shows the values of a point; null: the latest.
  say(i) {
    const now = i == null;
    this.plot.series.forEach((line, n) => {
      let k = i;
      if (now) for (k = line.y.length - 1; k > 0 && line.y[k] == null; k--);
      const text = virgo.format(line.y[k], this.plot.unit);
      if (this.values[n].textContent !== text) this.values[n].textContent = text;
    });
  }

  height() { return this.group.one ? innerWidth < 640 ? 260 : Math.max(240, Math.min(innerHeight - 330, 520)) : 160; }

  // draw makes the plot, or makes it anew with other colours.
  draw() {
    if (this.u) this.u.destroy();
    const css = getComputedStyle(document.documentElement), v = name => css.getPropertyValue(name).trim();
    const { plot, doc } = this, soft = v("--soft"), grid = v("--line");
    const font = "12px " + getComputedStyle(document.body).fontFamily;
    const alone = (u, si) => { // points without neighbours, and all of a short history
      const y = u.data[si], list = [];
      for (let i = 0; i < y.length; i++) if (y[i] != null && (y.length < 4 || y[i - 1] == null && y[i + 1] == null)) list.push(i);
      return list.length ? list : null;
    };
    const series = this.kinds.map(([n, kind]) => {
      const colour = v("--l" + (n % 8 + 1)), show = !this.hidden.has(n);
      if (kind === "hi" || kind === "lo") return { show, stroke: "transparent", width: 0, points: { show: false } };
      const faint = kind === "late";
      const stroke = faint ? colour + "66" : colour;
      return { show, stroke, width: 1.5, points: { show: false, filter: faint ? () => null : alone, size: 4, fill: stroke, width: 0 } };
    });
    const bands = [];
    this.kinds.forEach(([n, kind], i) => { if (kind === "hi") bands.push({ series: [i + 1, i + 2], fill: v("--l" + (n % 8 + 1)) + (plot.series.length > 2 ? "16" : "26") }); });
    const bytes = plot.unit.startsWith("bytes");
    const axis = { stroke: soft, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    this.u = new uPlot({
      width: this.canvas.clientWidth, height: this.height(), padding: [8, 10, 0, 0], legend: { show: false },
      scales: { x: { time: true, range: () => [this.doc.first_ms / 1000, this.doc.to_ms / 1000] }, y: { range: (u, lo, hi) => this.range(lo, hi) } },
      series: [{}, ...series], bands,
      axes: [
        { ...axis, space: 72, size: 24, gap: 5, values: (u, ticks, n, space, incr) => ticks.map(t => virgo.tick(t, incr, u)) },
        { ...axis, size: 66, gap: 6, space: 28, values: (u, ticks) => ticks.map(t => virgo.format(t, plot.unit, true)),
          ...(bytes ? { incrs: Array.from({ length: 52 }, (_, i) => 2 ** i) } : {}) }],
      cursor: {
        y: false, points: { size: 6 }, drag: { x: true, y: false, setScale: false },
        sync: { key: "virgo", setSeries: false, scales: ["x", null], filters: { pub: kind => kind === "mousemove" || kind === "mouseleave" } }, bind: { dblclick: () => () => { this.group.wider(); return null; } },
      },
      hooks: {
        drawAxes: [u => this.limits(u, v)],
        draw: [u => this.lateBar(u, v)],
        setCursor: [u => this.cursor(u)],
        setSelect: [u => {
          const { left, width } = u.select;
          if (width < 4) return;
          const from = u.posToVal(left, "x"), to = u.posToVal(left + width, "x");
          u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          this.group.zoom(from * 1000, to * 1000);
        }],
      },
    }, this.data, this.canvas);
    this.tip = this.make("div", "tip", this.u.over);
    this.time = this.make("div", "at", this.u.over);
    this.tip.hidden = this.time.hidden = true;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", plot.title + ", at last: " + plot.series.map((s, n) => s.name + " " + this.values[n].textContent).join(", "));
  }

  // range is that of the values: fixed where there is a fixed one.
  range(lo, hi) {
    const { plot, group } = this;
    const shared = group.scales && group.scales[plot.id];
    if (shared) [lo, hi] = shared;
    if (lo == null) [lo, hi] = [0, 1];
    const spare = (hi - lo) * .06 || Math.abs(hi) * .06 || .5;
    for (const t of plot.thresholds) if (t.value > hi && t.value < hi * 1.6) hi = t.value;
    lo = plot.min ?? lo - spare;
    hi = plot.max ?? hi + spare;
    return hi > lo ? [lo, hi] : [lo, lo + 1];
  }

  // limits draws where alarms begin.
  limits(u, v) {
    const { ctx, bbox } = u;
    for (const t of this.plot.thresholds) {
      const y = Math.round(u.valToPos(t.value, "y", true)) + .5;
      if (!(y >= bbox.top && y <= bbox.top + bbox.height)) continue;
      ctx.save();
      ctx.strokeStyle = v(t.state === "CRITICAL" ? "--critical" : "--warning-bar");
      ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.restore();
    }
  }

  // lateBar marks what came late at the foot of the plot.
  lateBar(u, v) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.fillStyle = v("--late");
    for (const [from, to] of this.plot.late) {
      const l = Math.max(u.valToPos(this.x[Math.max(from - 1, 0)], "x", true), bbox.left);
      const r = Math.min(u.valToPos(this.x[Math.min(to + 1, this.x.length - 1)], "x", true), bbox.left + bbox.width);
      const h = 3 * devicePixelRatio;
      if (r > l) ctx.fillRect(l, bbox.top + bbox.height - h, Math.max(r - l, 2), h);
    }
    ctx.restore();
  }

  cursor(u) {
    const i = u.cursor.left >= 0 ? u.cursor.idx : null;
    if (i != null) this.time.style.left = u.valToPos(this.x[i], "x") + "px";
    if (i === this.shown) return;
    this.shown = i;
    this.say(i);
    this.time.hidden = i == null;
    if (i != null) this.time.textContent = virgo.moment(this.x[i] * 1000, this.doc.step_ms, this.doc.to_ms - this.doc.first_ms);
    const note = i == null || !this.isLate[i] ? "" : this.group.late(this.plot.check_id, this.x[i] * 1000, u.over.matches(":hover"));
    this.tip.hidden = !note;
    if (note) {
      this.tip.textContent = note;
      const right = u.cursor.left > u.over.clientWidth / 2;
      this.tip.style.left = right ? "" : u.cursor.left + 10 + "px";
      this.tip.style.right = right ? u.over.clientWidth - u.cursor.left + 10 + "px" : "";
    }
    if (this.group.point) this.group.point(i == null ? null : this.x[i] * 1000);
  }

  resize() {
    if (this.u && this.canvas.clientWidth) this.u.setSize({ width: this.canvas.clientWidth, height: this.height() });
  }
};
// address is that of this page with other values; an empty one is left out.
virgo.address = values => {
  const to = new URL(location.href);
  for (const [name, value] of Object.entries(values)) value ? to.searchParams.set(name, value) : to.searchParams.delete(name);
  return to.pathname + to.search;
};
