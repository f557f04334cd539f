-- want: ^unavailable script.30_undeclared uses file "/etc/passwd", which it does not declare
-- details: {"path": "/etc/passwd"}
return check {
  summary = "undeclared",
  details = { path = { kind = "path", doc = "path" } },
  needs = { files = { "/etc/hosts" } },
  run = function(details, now, saved)
    local got, err = file.read(details.path)
    if got then unavailable("out: " .. #got .. " bytes") end
    status("held: " .. err)
  end,
}
