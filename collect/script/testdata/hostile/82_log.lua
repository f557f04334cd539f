-- want: ^available held$
return check {
  summary = "log",
  run = function(details, now, saved)
    for i = 1, 20000 do log(("x"):rep(1000)) end
    status("held")
  end,
}
