// The list of hosts: search, states, tags and order without a reload; all of them are in the address, as the
// server reads it.
virgo.hosts = () => {
  const table = document.getElementById("hosts");
  if (!table) return;
  const body = table.tBodies[0], form = document.querySelector("form.filter"), none = document.getElementById("none");
  const ranks = ["critical", "silent", "warning", "attention", "ok", "revoked"];
  const fields = ["q", "state", "tag", "sort"];
  const read = () => {
    const p = new URLSearchParams(location.search), s = {};
    for (const f of fields) s[f] = p.get(f) || "";
    return s;
  };
  let seen = read();

  const address = change => {
    const p = new URLSearchParams(), all = { ...seen, ...change };
    for (const f of [...fields].sort()) if (all[f]) p.set(f, all[f]);
    const text = p.toString();
    return text ? "/?" + text : "/";
  };
  const state = row => row.classList[0];
  const name = row => row.querySelector("a").textContent;
  const byName = (a, b) => { const x = name(a), y = name(b); return x < y ? -1 : x > y ? 1 : 0; };

  const select = () => {
    const words = seen.q.toLowerCase().split(/\s+/).filter(w => w);
    let shown = 0;
    for (const row of body.rows) {
      const tags = row.dataset.tags ? row.dataset.tags.split(", ") : [];
      row.hidden = Boolean(seen.state && state(row) !== seen.state || seen.tag && !tags.includes(seen.tag) ||
        !words.every(w => row.dataset.find.includes(w)));
      if (!row.hidden) shown++;
    }
    none.hidden = shown > 0;
  };
  const order = () => {
    const rows = [...body.rows], down = seen.sort.startsWith("-"), key = seen.sort.replace(/^-/, "");
    const column = [...table.tHead.rows[0].cells].findIndex(c => c.querySelector("a").dataset.sort === key);
    if (!key || column < 0) rows.sort((a, b) => ranks.indexOf(state(a)) - ranks.indexOf(state(b)) || byName(a, b));
    else if (column === 0) rows.sort((a, b) => down ? byName(b, a) : byName(a, b));
    else rows.sort((a, b) => {
      const x = a.cells[column].dataset.v, y = b.cells[column].dataset.v;
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined) || byName(a, b);
      return (down ? y - x : x - y) || byName(a, b);
    });
    if (rows.some((row, i) => row !== body.rows[i])) body.append(...rows);
  };
  const links = () => {
    for (const a of document.querySelectorAll("#summary a[data-state]")) {
      a.href = address({ state: a.dataset.state });
      if (a.dataset.state === seen.state) a.setAttribute("aria-current", "true"); else a.removeAttribute("aria-current");
    }
    for (const th of table.tHead.rows[0].cells) {
      const a = th.firstElementChild, key = a.dataset.sort, first = key === "name" ? key : "-" + key, second = key === "name" ? "-name" : key;
      a.href = address({ sort: seen.sort === first ? second : seen.sort === second ? "" : first });
      if (seen.sort === key) th.setAttribute("aria-sort", "ascending");
      else if (seen.sort === "-" + key) th.setAttribute("aria-sort", "descending");
      else th.removeAttribute("aria-sort");
    }
  };
  const show = (change, push) => {
    seen = { ...seen, ...change };
    if (location.pathname + location.search !== address({})) history[push ? "pushState" : "replaceState"](null, "", address({}));
    select();
    order();
    links();
  };

  form.addEventListener("submit", e => { e.preventDefault(); });
  form.q.addEventListener("input", () => show({ q: form.q.value.trim() }));
  if (form.tag) form.tag.addEventListener("change", () => show({ tag: form.tag.value }, true));
  const plain = e => e.button === 0 && !e.ctrlKey && !e.metaKey && !e.shiftKey && !e.altKey;
  virgo.on("click", "#summary a[data-state]", (e, a) => { if (plain(e)) { e.preventDefault(); show({ state: a.dataset.state }, true); } });
  virgo.on("click", "#hosts thead a", (e, a) => {
    if (!plain(e)) return;
    e.preventDefault();
    show({ sort: new URL(a.href).searchParams.get("sort") || "" }, true);
  });
  addEventListener("popstate", () => {
    seen = read();
    form.q.value = seen.q;
    if (form.tag) form.tag.value = seen.tag;
    show({});
  });

  // Rows that changed come as the same HTML that the page has.
  const parsed = html => { const t = document.createElement("template"); t.innerHTML = html; return t.content; };
  const place = rows => {
    const focus = document.activeElement && document.activeElement.closest("#hosts tr");
    let moved = false;
    for (const row of rows) {
      const old = document.getElementById(row.id);
      if (!old || old.className.replace(/ at$/, "") !== row.className) moved = true;
      if (old && old.classList.contains("at")) row.classList.add("at");
      if (old) old.replaceWith(row); else body.append(row);
      if (focus && focus.id === row.id) row.querySelector("a").focus({ preventScroll: true });
    }
    select();
    if (moved) order();
    virgo.times(table);
  };
  const summary = fresh => {
    document.getElementById("summary").replaceWith(fresh);
    links();
    virgo.title(fresh);
  };
  let loading = false;
  const reload = async () => {
    if (loading) return;
    loading = true;
    try {
      const answer = await fetch(address({}), { headers: { Accept: "text/html" } });
      if (answer.redirected) return location.reload(); // the session is over
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"), fresh = page.getElementById("hosts");
      if (!fresh) return location.reload();
      if (fresh.tHead.rows[0].cells.length !== table.tHead.rows[0].cells.length) table.tHead.replaceWith(fresh.tHead);
      const at = body.querySelector(".at");
      body.replaceChildren(...fresh.tBodies[0].rows);
      if (at && document.getElementById(at.id)) document.getElementById(at.id).classList.add("at");
      summary(page.getElementById("summary"));
      select();
      order();
      virgo.times(document);
    } catch {
      // The stream says that the endpoint is away.
    } finally {
      loading = false;
    }
  };
  virgo.stream("hosts", {
    rows: data => place([...parsed("<table><tbody>" + data + "</tbody></table>").querySelectorAll("tr")]),
    summary: data => summary(parsed(data).firstElementChild),
    resync: reload,
  }, reload);
  links();

  // Keys: the row that is at.
  virgo.step = by => {
    const rows = [...body.rows].filter(r => !r.hidden), at = rows.findIndex(r => r.classList.contains("at"));
    const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (at >= 0) rows[at].classList.remove("at");
    if (!next) return;
    next.classList.add("at");
    next.querySelector("a").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
};
