// A stream of changes while the page is in view. A browser has six connections to a server, so a page that is not
// in view gives its own back, and catches up when it is seen again.
virgo.stream = (view, handlers, catchUp) => {
  const note = document.getElementById("live");
  let source = null, lost = 0, seenAt = Date.now();
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource("/events?view=" + view);
    for (const [name, handle] of Object.entries(handlers)) source.addEventListener(name, e => { seenAt = Date.now(); handle(e.data); });
    source.onopen = () => {
      if (lost) { lost = 0; catchUp(); }
      note.hidden = true;
    };
    source.onerror = () => {
      lost = lost || Date.now();
      if (source.readyState === EventSource.CLOSED) { source = null; setTimeout(open, 5000); }
      setTimeout(() => {
        if (!lost) return;
        note.textContent = "No news since " + virgo.clock(new Date(lost));
        note.hidden = false;
      }, 3000);
    };
  };
  const close = () => { if (source) { source.close(); source = null; } };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { seenAt = Date.now(); close(); return; }
    if (Date.now() - seenAt > 2000) catchUp();
    open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", e => { if (e.persisted) { catchUp(); open(); } });
  open();
};
