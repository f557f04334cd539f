-- want: ^unavailable held: 
-- details: {"path": "$DIR/open/pipe"}
return check {
  summary = "pipe",
  details = { path = { kind = "path", doc = "path" } },
  needs = { files = { "${path}" } },
  run = function(details, now, saved)
    local got, err = file.read(details.path)
    if got then unavailable("out: " .. #got) end
    unavailable("held: " .. err)
  end,
}
