// The frame of every page: colours, times in the reader's zone, menus.
"use strict";
const virgo = {
  cookie(name, value) {
    document.cookie = name + "=" + encodeURIComponent(value) + "; Path=/; Max-Age=31536000; SameSite=Lax" +
      (location.protocol === "https:" ? "; Secure" : "");
  },
  // on calls f for clicks on what matches, also on what comes later.
  on(kind, selector, f) {
    document.addEventListener(kind, e => {
      const at = e.target.closest && e.target.closest(selector);
      if (at) f(e, at);
    });
  },
};

{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const known = (document.cookie.match(/(?:^|; )virgo-zone=([^;]*)/) || [])[1];
  if (zone && decodeURIComponent(known || "") !== zone) virgo.cookie("virgo-zone", zone);
}

// A time element has its time in datetime; class ago counts up, class clock is shown in the reader's zone.
virgo.span = seconds => {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return s + " s";
  if (s < 7200) return Math.floor(s / 60) + " min";
  if (s < 172800) return Math.floor(s / 3600) + " h";
  return Math.floor(s / 86400) + " days";
};
virgo.hour = at => String(at.getHours()).padStart(2, "0") + ":" + String(at.getMinutes()).padStart(2, "0");
virgo.clock = at => {
  const age = Math.abs(Date.now() - at) / 3600e3, time = virgo.hour(at);
  const day = at.getDate() + " " + "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[at.getMonth()];
  if (age < 20) return time;
  return age < 180 * 24 ? day + " " + time : day + " " + at.getFullYear();
};
virgo.times = root => {
  for (const t of root.querySelectorAll("time.ago, time.clock, time.for, time.hour")) {
    const at = new Date(t.dateTime);
    if (isNaN(at)) continue;
    const age = (Date.now() - at) / 1000;
    const text = t.classList.contains("clock") ? virgo.clock(at) : t.classList.contains("hour") ? virgo.hour(at) : t.classList.contains("for") ? virgo.span(age) : age < 60 ? "just now" : virgo.span(age) + " ago";
    if (t.textContent !== text) t.textContent = text;
    if (!t.title) t.title = at.toLocaleString();
  }
};
virgo.times(document);
setInterval(() => virgo.times(document), 15000);

{
  const button = document.getElementById("theme");
  button.hidden = false;
  button.onclick = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    virgo.cookie("virgo-theme", root.dataset.theme);
    document.dispatchEvent(new Event("virgo-theme")); // plots draw themselves again
  };
}

document.addEventListener("click", e => {
  for (const d of document.querySelectorAll("details.menu[open]")) if (!d.contains(e.target)) d.open = false;
});
document.addEventListener("keydown", e => {
  if (e.key === "Escape") for (const d of document.querySelectorAll("details.menu[open]")) {
    d.open = false;
    d.querySelector("summary").focus();
  }
});

// title keeps the number of alarms in the window's title, from the chips of the list.
virgo.title = summary => {
  let n = 0;
  for (const state of ["critical", "silent", "warning"]) {
    const count = summary.querySelector('[data-state="' + state + '"] b');
    if (count) n += Number(count.textContent);
  }
  document.title = document.title.replace(/^(\(\d+\) )?/, n ? "(" + n + ") " : "");
};
