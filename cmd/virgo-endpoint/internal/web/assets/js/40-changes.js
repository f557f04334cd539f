// Forms and buttons that change something: each sends one request to the API. data-send has its method and path,
// data-match the ETag of what was seen, data-form which function makes its body.
virgo.send = async (how, body, match) => {
  const [method, path] = how.split(/ (.*)/);
  const headers = {};
  if (match) headers["If-Match"] = '"' + match + '"';
  else if (match === "") headers["If-None-Match"] = "*";
  if (typeof body === "string") headers["Content-Type"] = "application/yaml";
  else if (body) { headers["Content-Type"] = "application/json"; body = JSON.stringify(body); }
  const answer = await fetch(path, { method, headers, body: body || undefined });
  const text = await answer.text();
  let doc = {};
  try { doc = JSON.parse(text); } catch { /* nothing, or a file */ }
  if (answer.ok) return doc;
  if (answer.status === 401) location.reload();
  const first = (doc.errors || []).map(e => e.message)[0];
  throw Object.assign(new Error(answer.status === 412 ? "Somebody else changed it meanwhile. Load the page again to see how it is now."
    : first || doc.detail || answer.statusText), { mistakes: doc.mistakes || [] });
};

virgo.words = text => text.split(/[\s,]+/).filter(w => w);

// sentence makes a rule of a sentence: one expression, a time and a state. JSON is YAML too.
virgo.figures = {
  disk: { type: "agent.filesystem", label: "disk of {dimension}", unit: " %", of: 'percent(last("used"), last("used") + last("avail"))' },
  memory: { type: "agent.memory", label: "memory", unit: " %", of: 'percent(last("total") - last("actual_free"), last("total"))' },
  cpu: { type: "agent.cpu", label: "processor", unit: " %", metric: "usage_average" },
  load: { type: "agent.load_average", label: "load", unit: "", metric: "5m" },
};
virgo.sentence = form => {
  const f = form.elements, v = name => f[name].value.trim();
  const known = virgo.figures[v("preset")];
  const check = known ? { type: [known.type] } : { id: [v("check")] };
  const name = known ? known.metric : v("metric");
  if (!known && (!v("check") || !name)) throw new Error("Which figure? A check and a metric are needed.");
  const how = known && known.of ? "last" : v("aggregate");
  const m = JSON.stringify(name || "");
  const value = known && known.of || (how === "last" || how === "rate" ? how + "(" + m + ")" : how + "(" + m + ', "' + v("over") + '")');
  const rule = {
    alarm: "", label: (known ? known.label : name + " of " + v("check")) + (v("above") === ">" ? " over " : " under ") + v("number") + (known ? known.unit : ""),
    checks: check, [v("state")]: value + " " + v("above") + " " + Number(v("number")),
  };
  if (v("for")) rule.for = v("for");
  const hosts = {};
  if (v("hosts")) hosts.ids = virgo.words(v("hosts"));
  if (v("tags")) hosts.tags = virgo.words(v("tags"));
  if (Object.keys(hosts).length) rule.hosts = hosts;
  rule.alarm = [known ? v("preset") : v("check") + "-" + name, how === "last" ? "" : how, v("above") === ">" ? "over" : "under", v("number"), v("state"), v("hosts"), v("tags")]
    .filter(w => w).join("-").replace(/[^A-Za-z0-9_.]+/g, "-").slice(0, 64).replace(/^-|-$/g, "");
  return rule;
};

virgo.bodies = {
  silence(form) {
    const f = form.elements, kind = f.kind.value;
    const s = { kind, hosts: virgo.words(f.hosts.value), tags: virgo.words(f.tags.value), rules: virgo.words(f.rules.value),
      pass_critical: f.pass_critical.checked, reason: f.reason.value.trim() };
    if (kind === "silence") {
      const from = f.from.value ? new Date(f.from.value).getTime() : Date.now();
      if (f.from.value) s.from_ms = from;
      s.until_ms = from + Number(f.lasting.value);
    } else {
      s.days = [...form.querySelectorAll("[name=day]:checked")].reduce((n, box) => n + Number(box.value), 0);
      const [hour, minute] = f.start.value.split(":").map(Number);
      Object.assign(s, { start_minute: hour * 60 + minute, length_ms: Math.round(Number(f.hours.value) * 3600e3), zone: f.zone.value.trim() });
    }
    return s;
  },
  token(form) {
    const f = form.elements, kind = f.kind.value;
    const t = { kinds: [kind], label: f.label.value.trim(), expires_ms: Date.now() + Number(f.life.value) * 86400e3 };
    if (kind === "enrol") t.uses = 1;
    if (kind === "admin") t.scopes = [...form.querySelectorAll("[name=scope]:checked")].map(box => box.value);
    return t;
  },
  person: form => ({ role: form.elements.role.value, disabled: form.elements.disabled.checked }),
  password: form => ({ password: form.elements.password.value }),
  newPerson(form) {
    const p = { name: form.elements.name.value.trim(), role: form.elements.role.value };
    if (form.elements.password.value) p.password = form.elements.password.value;
    return p;
  },
  file: form => form.elements.text.value || "\n",
  sentence: form => JSON.stringify([virgo.sentence(form)], null, 1),
  tags: form => ({ tags: virgo.words(form.elements.tags.value) }),
};

// say shows how a request went, beside what was clicked.
virgo.say = (at, text, mistakes) => {
  const form = at.closest("form");
  const line = form && form.querySelector(".result");
  if (line) line.textContent = text;
  else if (text) alert(text);
  const list = form && form.querySelector(".mistakes");
  if (!list) return;
  list.hidden = !(mistakes && mistakes.length);
  list.replaceChildren(...(mistakes || []).map(m => {
    const item = document.createElement("li");
    item.textContent = (m.line ? "line " + m.line + ": " : "") + (m.check_id ? m.check_id + ": " : "") + m.text + (m.hint ? "; " + m.hint : "");
    return item;
  }));
};

virgo.attempt = async (at, how, body, match) => {
  at.disabled = true;
  virgo.say(at, "");
  try {
    return await virgo.send(how, body, match);
  } catch (err) {
    virgo.say(at, err.message, err.mistakes);
    return null;
  } finally {
    at.disabled = false;
  }
};

document.addEventListener("submit", async e => {
  const form = e.target;
  if (form.dataset.go) {
    e.preventDefault();
    location.href = form.dataset.go + encodeURIComponent(form.elements.name.value.trim());
    return;
  }
  if (!form.dataset.form) return;
  e.preventDefault();
  const button = e.submitter || form.querySelector("button");
  let how = form.dataset.send, body;
  try {
    body = virgo.bodies[form.dataset.form](form);
    if (form.dataset.form === "sentence") how = "PUT /v1/rules/" + virgo.sentence(form).alarm;
  } catch (err) {
    return virgo.say(button, err.message);
  }
  const done = await virgo.attempt(button, how, body, form.dataset.form === "sentence" ? "" : form.dataset.match);
  if (!done) return;
  if (done.secret) {
    document.getElementById("made").textContent = done.secret;
    form.querySelector(".copy").hidden = false;
    return virgo.say(button, "The token is shown this once.");
  }
  if (form.dataset.then) location.href = form.dataset.then;
  else location.reload();
});

virgo.on("click", "button[data-send]", async (e, button) => {
  if (button.dataset.ask && !confirm(button.dataset.ask)) return;
  const done = await virgo.attempt(button, button.dataset.send, null, button.dataset.match);
  if (!done) return;
  if (button.dataset.say) return void (button.textContent = done.sent ? "Sent" : "Not sent: " + done.error);
  if (button.dataset.then) location.href = button.dataset.then;
  else if (document.body.classList.contains("view-alarms")) virgo.swap();
  else location.reload();
});

virgo.on("click", "button[data-check]", async (e, button) => {
  const found = await virgo.attempt(button, "POST " + button.dataset.check, virgo.bodies.file(button.form));
  if (found) virgo.say(button, found.mistakes.length ? "" : "No mistakes.", found.mistakes);
});

// A trial shows when the rules would have raised alarms in the last week; nothing is stored.
virgo.on("click", "button[data-try]", async (e, button) => {
  const form = button.form, table = form.querySelector(".tried");
  table.hidden = true;
  let body;
  try { body = virgo.bodies[form.dataset.form](form); } catch (err) { return virgo.say(button, err.message); }
  const tried = await virgo.attempt(button, "POST /v1/rules/try", body);
  if (!tried) return;
  const n = tried.firings.length;
  virgo.say(button, (n ? "In the last week it would have been raised " + n + (n === 1 ? " time." : " times.") : "In the last week it would not have been raised.") +
    (tried.complete ? "" : " There is more than could be looked at."));
  table.hidden = !n;
  table.tBodies[0].replaceChildren(...tried.firings.slice(0, 100).map(f => {
    const row = document.createElement("tr");
    for (const text of [f.host || f.agent_id, f.state.toLowerCase() + ": " + f.text, virgo.clock(new Date(f.from_ms)),
      f.to_ms ? virgo.span((f.to_ms - f.from_ms) / 1000) : "still"]) row.insertCell().textContent = text;
    return row;
  }));
});

// Parts of a form that are for some choices only.
virgo.choose = form => {
  const kind = form.elements.kind, preset = form.elements.preset;
  if (kind) for (const part of form.querySelectorAll("[data-kind]")) {
    const wanted = part.dataset.kind, shown = wanted === kind.value || wanted === "recurring" && kind.value !== "silence";
    part.hidden = !shown;
    for (const field of part.querySelectorAll("input, select")) field.disabled = !shown;
  }
  if (preset) {
    const of = virgo.figures[preset.value], whole = of && of.of;
    form.querySelector("[data-other]").hidden = Boolean(of);
    form.elements.aggregate.disabled = Boolean(whole);
    form.querySelector("[data-over]").hidden = Boolean(whole) || /last|rate/.test(form.elements.aggregate.value);
  }
};
for (const form of document.querySelectorAll("form[data-form]")) {
  form.addEventListener("change", () => virgo.choose(form));
  if (form.elements.zone && !form.elements.zone.value) form.elements.zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  virgo.choose(form);
}
