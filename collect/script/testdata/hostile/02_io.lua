-- want: ^available held$
return check {
  summary = "io",
  run = function(details, now, saved)
    if io ~= nil then unavailable("out: io") end
    status("held")
  end,
}
