-- want: more than [0-9]+ metrics
return check {
  summary = "hostile",
  run = function(details, now, saved)
    status(("long "):rep(200000))
    for i = 1, 20000 do pcall(metric, "m" .. i, "double", i) end
    status("reported")
  end,
}
