-- want: ^unavailable script.31_dots uses file 
-- details: {"path": "/usr/../etc/passwd"}
return check {
  summary = "dots",
  details = { path = { kind = "path", doc = "path" } },
  needs = { files = { "/usr/**" } },
  run = function(details, now, saved)
    local got, err = file.read(details.path)
    if got then unavailable("out: " .. #got .. " bytes") end
    status("held: " .. err)
  end,
}
