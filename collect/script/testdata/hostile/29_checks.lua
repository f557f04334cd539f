-- want: ^unavailable not allowed .* files ".*", which no script may use$
-- details: {"path": "$DIR/checks.d/hostile.yaml"}
return check {
  summary = "checks",
  details = { path = { kind = "path", doc = "path" } },
  needs = { files = { "${path}", "/**" } },
  run = function(details, now, saved)
    local got, err = file.read(details.path)
    if got then unavailable("out: " .. #got .. " bytes") end
    status("held: " .. err)
  end,
}
