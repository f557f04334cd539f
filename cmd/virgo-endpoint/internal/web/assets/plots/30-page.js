// Pages with plots. What is above the plots comes from the server with every change of the span, so that the page is the same
// as its address opened anew.
"use strict";
virgo.plots = () => {
  const place = document.getElementById("plots"), note = document.getElementById("plots-note");
  if (!place) return;
  const charts = new Map();
  let serial = 0, lateSpans = null, pointedAt = "", docNow = null, loaded = 0, busy = false;
  const iso = ms => new Date(Math.round(ms)).toISOString();
  const span = () => {
    const at = document.getElementById("span").dataset;
    return [+at.from, +at.to];
  };
  const show = (from, to) => {
    const now = Date.now(), length = Math.min(Math.max(to - from, 10e3), 730 * 86400e3);
    if (to > now) [from, to] = [now - length, now];
    go(virgo.address({ range: "", from: iso(from), to: iso(from + length) }), true);
  };
  const group = {
    one: place.classList.contains("one"),
    zoom: show,
    wider: () => {
      const [from, to] = span(), half = (to - from) / 2;
      show(from - half, to + half);
    },
    // late says when a result arrived; that is asked for when somebody points at the first one, and of the check that is
    // pointed at before the others.
    late: (check, at, pointed) => {
      if (pointed) pointedAt = check;
      if (!lateSpans && place.dataset.host && docNow) readLate(docNow);
      const near = (lateSpans?.get(check) || []).filter(s => at > s.from_ms - 90e3 && at < s.to_ms + 90e3)[0];
      if (!near) return "came late";
      const later = Math.max(near.first_arrived_ms - at, 0);
      return "arrived " + virgo.clock(new Date(near.first_arrived_ms)) + ", " + virgo.span(later / 1000) + " late";
    },
    point: at => {
      const checks = document.getElementById("checks");
      if (!checks) return;
      const from = +checks.dataset.from, to = +checks.dataset.to, share = (at - from) / (to - from);
      checks.classList.toggle("pointed", at != null && share >= 0 && share <= 1);
      if (at != null) checks.style.setProperty("--at", share * 100 + "%");
    },
  };

  const seen = new IntersectionObserver(list => {
    for (const e of list) if (e.isIntersecting) {
      const c = e.target.chart;
      seen.unobserve(e.target);
      if (!c.u) c.draw();
    }
  }, { rootMargin: "300px" });
  const sizes = new ResizeObserver(list => { for (const e of list) e.target.chart.resize(); });

  const read = async address => {
    const res = await fetch(address, { headers: { Accept: "application/json" } });
    const data = await res.json();
    if (!res.ok) throw new Error(data.detail || res.statusText);
    return data;
  };

  // fill shows documents: one, or two hosts side by side.
  const fill = docs => {
    const pairs = docs.length > 1, order = [];
    group.scales = pairs ? {} : null;
    if (pairs) {
      const first = Math.min(...docs.map(d => d.first_ms));
      for (const d of docs) d.first_ms = first;
      const ids = new Set(docs.flatMap(d => d.plots.map(p => p.id)));
      for (const id of ids) {
        const both = docs.map(d => d.plots.find(p => p.id === id));
        let lo = Infinity, hi = -Infinity, max = null;
        for (const p of both) for (const s of p ? p.series : []) for (const v of s.y) if (v != null) { lo = Math.min(lo, v); hi = Math.max(hi, v); }
        for (const p of both) if (p && p.max != null) max = Math.max(max ?? p.max, p.max);
        for (const p of both) if (p && max != null) p.max = max;
        group.scales[id] = lo > hi ? [0, 1] : [lo, hi];
        both.forEach((p, n) => order.push([n + id, p, docs[n], n ? place.dataset.secondName : place.dataset.firstName]));
      }
    } else for (const p of docs[0].plots) order.push([p.id, p, docs[0]]);
    const keep = new Set(), children = [];
    for (const [key, plot, doc, host] of order) {
      if (!plot) {
        const empty = document.createElement("div");
        empty.className = "plot none";
        empty.textContent = "This host does not report it.";
        children.push(empty);
        continue;
      }
      keep.add(key);
      let c = charts.get(key);
      if (c) c.update(plot, doc);
      else {
        c = new virgo.Chart(plot, doc, group, host);
        c.element.chart = c.canvas.chart = c;
        charts.set(key, c);
        seen.observe(c.element);
        sizes.observe(c.canvas);
      }
      children.push(c.element);
    }
    for (const [key, c] of charts) if (!keep.has(key)) {
      if (c.u) c.u.destroy();
      sizes.unobserve(c.canvas);
      charts.delete(key);
    }
    if (children.some((c, i) => place.children[i] !== c) || place.children.length !== children.length) place.replaceChildren(...children);
    const doc = docs[0], more = doc.more || 0, left = doc.left_out || [];
    note.textContent = "";
    if (!order.length) note.textContent = "There is nothing in this span of time.";
    else if (left.length) note.textContent = "Left out, because there are more figures than one page can have: " + left.join(", ") + ". Choose a check to see them.";
    if (more) {
      const a = document.createElement("a");
      a.href = virgo.address({ more: "true" });
      a.textContent = more === 1 ? "Show one more plot" : "Show " + more + " more plots";
      note.append(" ", a);
    }
  };

  // zone says the span in the zone of this browser, which the server may not know yet.
  const zone = () => { document.querySelector("#span strong").textContent = virgo.period(...span()); };

  const load = async () => {
    const mine = ++serial;
    place.setAttribute("aria-busy", "true");
    try {
      const docs = await Promise.all([place.dataset.plots, place.dataset.second].filter(a => a).map(read));
      if (mine !== serial) return;
      loaded = Date.now();
      fill(docs);
      docNow = docs[0];
      lateSpans = null;
    } catch (e) {
      if (mine === serial) note.textContent = "The plots could not be read: " + e.message;
    }
    if (mine === serial) place.removeAttribute("aria-busy");
  };

  const readLate = async doc => {
    const found = lateSpans = new Map(), left = new Set(doc.plots.filter(p => p.late.length).map(p => p.check_id));
    await null; // all plots have the cursor then
    while (left.size) {
      const check = left.has(pointedAt) ? pointedAt : left.values().next().value;
      const q = new URLSearchParams({ check, since: iso(doc.from_ms), until: iso(doc.to_ms) });
      left.delete(check);
      try {
        found.set(check, (await read("/v1/agents/" + encodeURIComponent(place.dataset.host) + "/late?" + q)).spans);
      } catch { return; } // the lighter tone says enough
      if (found !== lateSpans) return;
      for (const c of charts.values()) if (c.u && c.shown != null && c.plot.check_id === check) { c.shown = null; c.cursor(c.u); } // who points at one reads it at once
    }
  };

  // go shows another address of this page.
  const go = async (address, push) => {
    if (push) history.pushState(null, "", address);
    const mine = ++serial;
    place.setAttribute("aria-busy", "true");
    let page;
    try {
      const res = await fetch(address);
      page = new DOMParser().parseFromString(await res.text(), "text/html");
    } catch (e) {
      if (mine === serial) note.textContent = "The endpoint does not answer: " + e.message;
      return;
    }
    if (mine !== serial) return;
    const above = document.getElementById("above"), other = page.getElementById("above"), plots = page.getElementById("plots");
    if (!other || !plots) { location.reload(); return; } // logged out, or gone
    const shut = document.querySelector("#checks:not([open])");
    above.replaceWith(document.adoptNode(other));
    if (shut && document.getElementById("checks")) document.getElementById("checks").open = false;
    if (plots.className !== place.className) { location.reload(); return; }
    place.dataset.plots = plots.dataset.plots;
    if (plots.dataset.second) place.dataset.second = plots.dataset.second;
    "live" in plots.dataset ? place.dataset.live = "" : delete place.dataset.live;
    virgo.times(other);
    zone();
    await load();
  };
  virgo.go = go;

  // Links that change the span need no new page.
  document.addEventListener("click", e => {
    const a = e.target.closest("#span a, #above .chosen a, #plots .of, #checks a, #standing a, #plots-note a");
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    const to = new URL(a.href), one = to.searchParams.has("plot");
    if (to.pathname !== location.pathname || one !== group.one) return; // a plot alone has another size
    e.preventDefault();
    go(to.pathname + to.search, true);
  });
  addEventListener("popstate", () => go(location.pathname + location.search, false));
  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, select, textarea, dialog")) return;
    const [from, to] = span(), half = (to - from) / 2;
    if (e.key === "ArrowLeft") show(from - half, to - half);
    else if (e.key === "ArrowRight") show(from + half, to + half);
    else if (e.key === "-") group.wider();
    else if (e.key === "+" || e.key === "=") show(from + half / 2, to - half / 2);
    else return;
    e.preventDefault();
  });

  const again = () => { for (const c of charts.values()) if (c.u) c.draw(); };
  document.addEventListener("virgo-theme", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  let theme;
  addEventListener("beforeprint", () => { // paper is light
    theme = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
    for (const c of charts.values()) c.draw();
  });
  addEventListener("afterprint", () => {
    theme ? document.documentElement.dataset.theme = theme : delete document.documentElement.dataset.theme;
    again();
  });

  // A page whose span ends now goes on, as often as a screen can show it.
  const refresh = async () => {
    if (busy || !("live" in place.dataset) || document.hidden) return;
    if (document.querySelector("#above :is(input, select, textarea):focus, #above .change-tags[open]")) return; // somebody is writing
    const [from, to] = span();
    if (Date.now() - loaded < Math.max(5e3, (to - from) / 1000)) return;
    busy = true;
    try { await go(location.pathname + location.search, false); } finally { busy = false; }
  };
  zone();
  load();
  if (place.dataset.host && virgo.stream) virgo.stream("host&id=" + encodeURIComponent(place.dataset.host), { points: refresh }, refresh);
  else setInterval(refresh, 30e3);
};
virgo.plots();
