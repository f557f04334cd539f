-- want: ^available success$
return check {
  summary = "sum",
  run = function(details, now, saved)
    local n = 0
    for i = 1, 100000 do n = n + i end
    metric("n", "int64", n)
  end,
}
