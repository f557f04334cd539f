-- want: attempt to yield
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local co = coroutine.wrap(function() for _ in function() coroutine.yield() end do end end)
    while true do pcall(co) end
  end,
}
