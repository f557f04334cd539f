-- want: ^available held$
return check {
  summary = "debug",
  run = function(details, now, saved)
    if debug ~= nil then unavailable("out: debug") end
    status("held")
  end,
}
