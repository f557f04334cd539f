// What a host is asked is looked for until it has answered; then the page shows it.
for (const note of document.querySelectorAll("[data-waiting]")) setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch(note.dataset.waiting).catch(() => null);
  if (!answer || !answer.ok) return;
  const { waiting } = await answer.json();
  if (waiting.map(w => w.type).join() !== note.dataset.types) location.reload();
}, 4000);
