-- want: ^available held$
return check {
  summary = "secret of others",
  run = function(details, now, saved)
    if details.password ~= nil then unavailable("out: password") end
    status("held")
  end,
}
