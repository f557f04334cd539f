-- want: ^available held$
return check {
  summary = "load",
  run = function(details, now, saved)
    if load ~= nil then unavailable("out: load") end
    status("held")
  end,
}
