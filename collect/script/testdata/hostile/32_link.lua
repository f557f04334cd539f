-- want: ^unavailable script.32_link uses file 
-- details: {"path": "$DIR/open/to_passwd"}
return check {
  summary = "link",
  details = { path = { kind = "path", doc = "path" } },
  needs = { files = { "$LITERAL" } },
  run = function(details, now, saved)
    local got, err = file.read(details.path)
    if got then unavailable("out: " .. #got .. " bytes") end
    status("held: " .. err)
  end,
}
