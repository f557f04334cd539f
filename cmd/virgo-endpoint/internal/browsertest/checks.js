// What every page must be, whoever looks at it. Returns a list of sentences, empty for a good page.
(() => {
  const faults = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) {
    const out = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.getClientRects().length);
    faults.push("wider than the window by " + wide + " pixels: " + out.slice(0, 3).map(e => e.outerHTML.slice(0, 80)).join(" | "));
  }

  // Contrast: at least 4.5 to 1, or 3 to 1 for large text (WCAG 2, 1.4.3).
  const parse = text => { const m = text.match(/[\d.]+/g).map(Number); return { r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1 }; };
  const over = (top, under) => ({ r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1 });
  const light = c => {
    const [r, g, b] = [c.r, c.g, c.b].map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = e => {
    const layers = [];
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.a > 0) layers.push(c);
      if (c.a === 1) break;
    }
    let under = { r: 255, g: 255, b: 255, a: 1 };
    for (const c of layers.reverse()) under = over(c, under);
    return under;
  };
  const seen = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.data.trim() || !e.getClientRects().length || e.closest("svg, script, noscript, option")) continue;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (box.width <= 1 || box.height <= 1 || style.visibility === "hidden" || e.closest(":disabled")) continue;
    const back = ground(e), x = light(over(parse(style.color), back)), y = light(back);
    const ratio = (Math.max(x, y) + .05) / (Math.min(x, y) + .05), size = parseFloat(style.fontSize);
    const key = style.color + " on " + JSON.stringify(back);
    if (ratio < (size >= 24 || size >= 18.6 && style.fontWeight >= 700 ? 3 : 4.5) && !seen.has(key)) {
      seen.add(key);
      faults.push("contrast " + ratio.toFixed(2) + ": " + JSON.stringify(n.data.trim().slice(0, 40)) + ", " + key);
    }
  }

  // What a screen reader needs.
  const name = e => (e.getAttribute("aria-label") || e.textContent || e.title || "").trim() ||
    [...(e.labels || [])].map(l => l.textContent.trim()).join(" ");
  if (document.querySelectorAll("h1").length !== 1) faults.push(document.querySelectorAll("h1").length + " headings h1, want one");
  if (!document.querySelector("main")) faults.push("no main");
  for (const t of document.querySelectorAll("table")) {
    if (!t.caption || !t.caption.textContent.trim()) faults.push("a table without caption: " + t.outerHTML.slice(0, 80));
    for (const th of t.querySelectorAll("th")) if (!th.scope) faults.push("a heading without scope: " + th.outerHTML.slice(0, 80));
  }
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea"))
    if (e.getClientRects().length && !name(e)) faults.push("no name: " + e.outerHTML.slice(0, 80));
  for (const e of document.querySelectorAll("svg:not([aria-hidden=true]):not([role=img])")) faults.push("a drawing without role: " + e.outerHTML.slice(0, 80));
  const ids = new Set();
  for (const e of document.querySelectorAll("[id]")) { if (ids.has(e.id)) faults.push("twice the id " + e.id); ids.add(e.id); }
  return faults.slice(0, 20);
})()
