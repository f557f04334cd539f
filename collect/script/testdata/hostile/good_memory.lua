-- want: ^available success$
return check {
  summary = "memory",
  run = function(details, now, saved)
    local t = {}
    for i = 1, 20 do t[i] = ("x"):rep(200000) end
    metric("bytes", "int64", #t * #t[1])
  end,
}
