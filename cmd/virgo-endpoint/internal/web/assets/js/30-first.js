// Adding a host: copy the line, make a token, open the plots of the host that arrives.
virgo.on("click", "[data-copy]", async (e, button) => {
  const from = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(from.textContent);
    button.textContent = "Copied";
  } catch { // plain http on another host has no clipboard
    getSelection().selectAllChildren(from);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
});
for (const b of document.querySelectorAll("[data-copy]")) b.hidden = false;

if (document.querySelector("[data-first]")) {
  const form = document.getElementById("token");
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", async e => {
      e.preventDefault();
      const note = document.getElementById("token-note"), button = form.querySelector("button");
      button.disabled = true;
      try {
        const answer = await fetch("/v1/tokens", { method: "POST", headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ kinds: ["enrol"], uses: 1, expires_ms: Date.now() + 86400e3, label: "made on the page" }) });
        const made = await answer.json();
        if (!answer.ok) throw new Error(made.detail || answer.statusText);
        document.getElementById("made").textContent = made.secret;
        document.getElementById("secret").hidden = false;
        form.hidden = true;
        note.textContent = "It works once, for 24 hours. It is not shown again.";
      } catch (err) {
        note.textContent = "No token was made: " + err.message;
        button.disabled = false;
      }
    });
  }
  const waiting = document.getElementById("waiting");
  virgo.stream("first" + document.querySelector("[data-first]").dataset.first, {
    arrived: id => {
      waiting.classList.add("here");
      waiting.querySelector("span").textContent = id + " is here. Its first results are on their way.";
    },
    ready: id => { location.href = "/hosts/" + encodeURIComponent(id) + "?range=15m"; },
  }, () => {});
}
