// Keys of every page. The list of hosts has its own steps.
{
  const lines = [["/", "search"], ["j  k", "next, previous host"], ["enter", "open it"], ["g h", "hosts"], ["g a", "alarms"], ["← →", "plots: earlier, later"], ["+ -", "plots: shorter, longer"], ["?", "these keys"]];
  let before = "", at = 0;
  const help = () => {
    let box = document.getElementById("keys");
    if (!box) {
      box = document.createElement("dialog");
      box.id = "keys";
      box.setAttribute("aria-label", "Keys");
      const list = document.createElement("dl");
      for (const [key, text] of lines) {
        const dt = document.createElement("dt"), dd = document.createElement("dd");
        for (const k of key.split(" ").filter(k => k)) { const one = document.createElement("kbd"); one.textContent = k; dt.append(one); }
        dd.textContent = text;
        list.append(dt, dd);
      }
      box.append(list);
      box.addEventListener("click", () => box.close());
      document.body.append(box);
    }
    box.open ? box.close() : box.showModal();
  };
  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    const field = e.target.closest("input, select, textarea, [contenteditable]");
    if (field) {
      if (e.key === "Escape") field.blur();
      return;
    }
    const after = Date.now() - at < 1500 ? before : "";
    before = e.key;
    at = Date.now();
    const search = document.querySelector("input[type=search]");
    if (e.key === "/" && search) { search.focus(); search.select(); }
    else if (e.key === "?") help();
    else if (after === "g" && e.key === "h") location.href = "/";
    else if (after === "g" && e.key === "a") location.href = "/alarms";
    else if (e.key === "j" && virgo.step) virgo.step(1);
    else if (e.key === "k" && virgo.step) virgo.step(-1);
    else return;
    e.preventDefault();
  });
}
virgo.hosts();
