-- want: ^unavailable script.32_link uses file "/etc/passwd", which it does not declare$
return check {
  summary = "link",
  needs = { files = { "$DIR/open/to_passwd" } },
  run = function(details, now, saved)
    local got, err = file.read("$DIR/open/to_passwd")
    if got then unavailable("out: " .. #got .. " bytes") end
    status("held: " .. err)
  end,
}
