-- want: ^available held$
return check {
  summary = "newproxy",
  run = function(details, now, saved)
    if newproxy ~= nil then unavailable("out: newproxy") end
    status("held")
  end,
}
