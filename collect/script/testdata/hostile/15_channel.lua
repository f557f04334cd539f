-- want: ^available held$
return check {
  summary = "channel",
  run = function(details, now, saved)
    if channel ~= nil then unavailable("out: channel") end
    status("held")
  end,
}
