-- want: ^available success$
return check {
  summary = "coroutine",
  run = function(details, now, saved)
    local f = coroutine.wrap(function() for i = 1, 1000 do coroutine.yield(i) end end)
    local n = 0
    for i = 1, 1000 do n = n + f() end
    metric("n", "int64", n)
  end,
}
