-- want: ^unavailable script.30_undeclared uses file "/etc/passwd", which it does not declare$
return check {
  summary = "undeclared",
  needs = { files = { "/etc/hosts" } },
  run = function(details, now, saved)
    local got, err = file.read("/etc/passwd")
    if got then unavailable("out: " .. #got .. " bytes") end
    status("held: " .. err)
  end,
}
