-- want: ^(unavailable not allowed .* files ".*", which no script may use$|available held: .*permission denied$)
-- details: {"path": "$DIR/open/link.db"}
return check {
  summary = "hard link",
  details = { path = { kind = "path", doc = "path" } },
  needs = { files = { "${path}", "/**" } },
  run = function(details, now, saved)
    local got, err = file.read(details.path)
    if got then unavailable("out: " .. #got .. " bytes") end
    status("held: " .. err)
  end,
}
