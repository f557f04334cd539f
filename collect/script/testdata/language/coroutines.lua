-- want: more than [0-9]+ coroutines
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local all = {}
    for i = 1, 1e6 do all[i] = coroutine.create(function() coroutine.yield() end) coroutine.resume(all[i]) end
  end,
}
