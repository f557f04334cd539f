-- want: ^unavailable script.31_dots uses file "/etc/passwd", which it does not declare$
return check {
  summary = "dots",
  needs = { files = { "/usr/**" } },
  run = function(details, now, saved)
    local got, err = file.read("/usr/../etc/passwd")
    if got then unavailable("out: " .. #got .. " bytes") end
    status("held: " .. err)
  end,
}
