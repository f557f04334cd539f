-- want: ^available success$
-- details: {"path": "$DIR/open/shown"}
return check {
  summary = "file",
  details = { path = { kind = "path", doc = "path" } },
  needs = { files = { "${path}" } },
  run = function(details, now, saved)
    local got = assert(file.read(details.path))
    metric("bytes", "int64", #got)
  end,
}
