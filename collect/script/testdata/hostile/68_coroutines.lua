-- want: ^unavailable (68_coroutines.lua:\d+: |broke the limit of 64 MiB of memory)
return check {
  summary = "coroutines",
  run = function(details, now, saved)
    local all = {}
    for i = 1, 1e6 do
      all[i] = coroutine.create(function() coroutine.yield() end)
      coroutine.resume(all[i])
    end
  end,
}
