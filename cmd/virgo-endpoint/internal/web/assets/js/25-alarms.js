// Pages that are shown again as a whole when something changes: alarms. What has the focus keeps it.
virgo.swap = async () => {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) return location.reload();
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = document.getElementById("main");
    if (main.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) return;
    main.replaceChildren(...page.getElementById("main").childNodes);
    document.title = page.title;
    virgo.times(document);
  } catch {
    // The stream says that the endpoint is away.
  }
};
virgo.on("change", "select[data-submit]", (e, select) => select.form.requestSubmit());
if (document.body.classList.contains("view-alarms")) virgo.stream("alarms", { resync: virgo.swap }, virgo.swap);
