-- want: ^available held$
return check {
  summary = "os",
  run = function(details, now, saved)
    if os ~= nil then unavailable("out: os") end
    status("held")
  end,
}
